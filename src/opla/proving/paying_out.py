"""Payouts in a simulation: what providers truly moved is paid out, and in the end nothing is left at them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from opla.core.actor import Actor
from opla.core.refusal import Refusal
from opla.counterparts.standins import PaysOut, Takes
from opla.db.queries.call import expect, select
from opla.operations.outside import Outside
from opla.operations.payouts import look
from opla.operations.shop import Shop

#: As long as a provider keeps money back, in a world where a day is long.
HELD_BACK: Final = timedelta(hours=8)
EVERY: Final = timedelta(hours=6)
_TRIES: Final = 20


def pay_out(tills: Mapping[str, Takes], older: timedelta = HELD_BACK) -> None:
    for till in tills.values():
        if isinstance(till, PaysOut):
            till.pay_out(older)


def differences(tills: Mapping[str, Takes], owner: Actor, *, shop: Shop, outside: Outside, at: datetime) -> list[str]:
    """What is not right once everything is paid out and read: the books must owe and be owed nothing."""
    pay_out(tills, timedelta())
    wrong = []
    for name, till in sorted(tills.items()):
        if not isinstance(till, PaysOut):
            continue
        came = look(owner, name, shop=shop, outside=outside, at=at)
        for _ in range(_TRIES):
            if not isinstance(came, Refusal):
                break
            came = look(owner, name, shop=shop, outside=outside, at=at)  # a call may still get lost
        if isinstance(came, Refusal) or came.differing:
            wrong.append(f"{name}: {came}")
        for kind, right in (("psp_clearing", _on_its_way(name, till)), ("in_transit", sum(till.paid_out.values()))):
            if (stands := _stands(f"{kind}:{name}:EUR")) != right:
                wrong.append(f"{kind} of {name} is {stands}, not {right}")
    return wrong


def _on_its_way(name: str, till: Takes) -> int:
    """Refunds that truly left, and of which we have not heard yet: they are gone there, and due here."""
    rows = select(
        """SELECT a.reference, r.amount_minor FROM attempt a JOIN refund r ON r.id = a.refund_id
           WHERE a.adapter = %s AND r.state = 'due'""",
        [name],
    )
    return sum(expect(minor, int) for reference, minor in rows if reference in till.given_back)


def _stands(code: str) -> int:
    rows = select("SELECT (debits_posted - credits_posted)::bigint FROM account WHERE code = %s", [code])
    return expect(rows[0][0], int) if rows else 0
