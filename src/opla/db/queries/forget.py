"""Forgetting who somebody is: what we must keep of their orders stays, without them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from opla.core.actor import Actor
from opla.db.queries.call import Argument, call, expect


def forget(
    actor: Actor, email: str, address_hashes: Sequence[bytes], thread_hash: bytes, *, at: datetime
) -> int:  # fmt: skip
    """How many orders of this address, in lower case, stand in the way; 0: everything was forgotten just now.

    `address_hashes`: how reminders, news and renewals know it.
    """
    rows = call(
        "opla_forget",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(email, "text"),
        Argument(list(address_hashes), "bytea[]"),
        Argument(thread_hash, "bytea"),
    )
    return expect(rows[0][0], int)
