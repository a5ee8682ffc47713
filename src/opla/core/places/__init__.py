"""Where top-ups are sold over a counter: what is known of a place, when it is open, how far it is.

from opla.core.places import Place, Position, distance_m, find, read_hours
"""

from __future__ import annotations

from opla.core.places.finding import Asked, Found, Listed, find
from opla.core.places.hours import Day, Hours, Opening, Span, State, holiday, read_hours
from opla.core.places.osm import TAGS, cells_of
from opla.core.places.place import (
    OPENSTREETMAP,
    OWN,
    SAMPLE,
    Kind,
    Place,
    Position,
    Sells,
    Takes,
    distance_m,
    read_position,
)
from opla.core.places.rows import COLUMNS, Known, Wrong, Wrongs, cells_in, read_place

__all__ = [
    "COLUMNS",
    "OPENSTREETMAP",
    "OWN",
    "SAMPLE",
    "TAGS",
    "Asked",
    "Day",
    "Found",
    "Hours",
    "Kind",
    "Known",
    "Listed",
    "Opening",
    "Place",
    "Position",
    "Sells",
    "Span",
    "State",
    "Takes",
    "Wrong",
    "Wrongs",
    "cells_in",
    "cells_of",
    "distance_m",
    "find",
    "holiday",
    "read_hours",
    "read_place",
    "read_position",
]
