"""Letters about no order and no reminder: a link to sign in with, an answer of the shop.

Address, language and facts are sealed until a worker writes the words and sends them; then nothing of it is kept. The
facts are texts by name, and what they mean is said where the words are made (`presenting.letters`).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from opla.db.keyring import Unopenable
from opla.db.queries import letters
from opla.operations.shop import Shop

_log = logging.getLogger(__name__)
_ABOUT: Final = b"letter "


@dataclass(frozen=True)
class Posted:
    """One letter. `topic` is a word of `presenting.letters`; `language` a tag of ours; `about` its facts."""

    topic: str
    email: str = field(repr=False)
    language: str
    about: Mapping[str, str] = field(repr=False)


def post(posted: Sequence[Posted], *, shop: Shop, at: datetime) -> None:
    """Put them into the outbox, in one call: they leave when a worker looks. None at all is a call as well, so that
    nobody measures whether somebody is written to."""
    rows = []
    for letter in posted:
        letter_id, sealed = seal(letter, shop=shop, at=at)
        rows.append((letter_id, sealed, letter.topic, shop.chance.reference()))
    letters.post(rows, at=at)


def seal(letter: Posted, *, shop: Shop, at: datetime) -> tuple[UUID, bytes]:
    """A new id and what is kept under it: for a function that writes the letter in its own commit."""
    letter_id = shop.chance.uuid(at)
    plain = json.dumps([letter.email, letter.language, dict(letter.about)]).encode()
    return letter_id, shop.keyring.seal(plain, _ABOUT + letter_id.bytes)


def load(ids: Sequence[tuple[UUID, str]], *, shop: Shop) -> dict[UUID, Posted]:
    """Those of (id, topic) that are kept and open."""
    found = letters.load([letter_id for letter_id, _ in ids]) if ids else {}
    opened = {}
    for letter_id, topic in ids:
        if letter_id not in found:
            continue
        try:
            plain = shop.keyring.open(found[letter_id], _ABOUT + letter_id.bytes)
        except Unopenable:
            _log.exception("letter %s: it does not open", letter_id)
            continue
        email, language, about = json.loads(plain)
        opened[letter_id] = Posted(topic, email, language, about)
    return opened
