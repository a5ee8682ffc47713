"""Lists by cursor: `?limit=50&after=…` answers `{"items": […], "next": "…"}`, and `next` is null where a list ends.

A cursor is the place of the last item that was shown, written so that nobody is tempted to make one. It opens nothing:
what is listed is looked up for whoever asks. Nothing is skipped or shown twice when something new comes meanwhile.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from ninja import Field, Schema

from opla.api.problems import Refused
from opla.core.refusal import Code, Refusal

T = TypeVar("T")


class Paged(Schema):
    """What every list takes."""

    limit: int = Field(50, ge=1, le=200)
    after: str = Field("", max_length=200)


def write(*place: UUID | datetime | int) -> str:
    """A cursor behind this place."""
    texts = [part.astimezone(UTC).isoformat() if isinstance(part, datetime) else str(part) for part in place]
    return base64.urlsafe_b64encode(json.dumps(texts).encode()).decode().rstrip("=")


def read(after: str, place: Callable[..., T], *kinds: Callable[[str], object]) -> T | None:
    """`place` made of what `write` was given, each part read by its kind; None for the beginning of the list.

    Raises `Refused` for what is no cursor of this list.
    """
    if not after:
        return None
    try:
        texts = json.loads(base64.b64decode(after + "=" * (-len(after) % 4), b"-_", validate=True))
        if isinstance(texts, list) and len(texts) == len(kinds):
            return place(*(kind(str(text)) for kind, text in zip(kinds, texts, strict=True)))
    except (ValueError, binascii.Error, OverflowError, RecursionError):
        pass
    raise Refused(Refusal(Code.FIELD_INVALID, "after", {"why": "cursor"}))


def instant(text: str) -> datetime:
    """A kind of part: a time, which says its zone."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found


def number(text: str) -> int:
    """A kind of part: a whole number that PostgreSQL can hold."""
    found = int(text)
    if not 0 <= found < 2**63:
        raise ValueError(text)
    return found
