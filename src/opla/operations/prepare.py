"""A database that a shop can be run from: schema, functions, and a catalogue where there is none."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from opla.db import keyring, setup
from opla.db.queries import quarantine
from opla.operations import catalogue, place_files, promotions, sample_cards, sample_esims, sample_till
from opla.operations.shop import current


def prepare(*, sandbox: bool, at: datetime) -> None:
    """Safe to call at every start, by several processes at once; does nothing where nothing is needed."""
    setup.prepare(at)
    catalogue.seed(sandbox=sandbox, at=at)
    if sandbox and not quarantine.closed():
        promotions.seed(keyring=keyring.load(settings.VAR), at=at)
        place_files.seed(at=at)
        sample_till.fill(at=at)
        sample_esims.fill(shop=current(), at=at)
        sample_cards.fill(shop=current(), at=at)
