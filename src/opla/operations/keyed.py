"""What a program asked under a key is found again by it: the same is the same, another field is refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from opla.core.refusal import Code, Refusal
from opla.db.queries import api
from opla.operations.place_from_float import differing, digests
from opla.operations.shop import Shop


def keyed(caller: str, key: str, fields: Mapping[str, str], *, shop: Shop, at: datetime) -> UUID | Refusal:
    """The id of what is made under this key: a new one, kept before anything is done, or that of the first time.

    Whoever gets one does the act under that id, done before or not: between the two the machine may stop.
    `caller` says whose key it is and for what kind of act, such as `refund:acme`.
    """
    asked = digests(list(fields.values()), shop.keyring.fingerprint_key)
    found, known = api.keyed(caller, key, asked, shop.chance.uuid(at), at=at)
    if field := differing(list(fields), known, asked):
        return Refusal(Code.KEY_REUSED, field, {"field": field})
    return found
