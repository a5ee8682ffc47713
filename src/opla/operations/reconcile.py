"""Reconciliation in one place: what others say beside our books; and the rest, with its age and a suggestion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from opla.core import reconciling
from opla.core.actor import Act, Actor
from opla.core.item import Kind
from opla.core.reconciling import WITH, Party, Standing, Suggestion
from opla.core.refusal import Refusal
from opla.db.queries import bank, items, payouts
from opla.db.queries import reconciling as queries
from opla.db.queries.items import Item
from opla.db.queries.reconciling import Chain, Stopped
from opla.operations.shop import Shop

#: So far back the way of payments is followed, and are transfers and refunds looked for that explain something.
LOOKS_BACK: Final = timedelta(days=90)
_MOST: Final = 1000
_OLDEST: Final = 20


@dataclass(frozen=True)
class Open:
    """Something that does not agree and waits for a person. `name`: with whom, where that is one of several."""

    item: Item
    party: Party
    name: str
    age: int  # its place in `core.reconciling.AGES`
    suggestion: Suggestion | None


@dataclass(frozen=True)
class Reconciled:
    """Everything, at one instant."""

    standings: tuple[Standing, ...]
    chains: tuple[Chain, ...]
    stopped: tuple[Stopped, ...]  # of these the oldest
    open: tuple[Open, ...]


def reconcile(actor: Actor, *, shop: Shop, at: datetime) -> Reconciled | Refusal:
    if refused := actor.refused(Act.READ_BOOKS):
        return refused
    standings = [
        *queries.providers(),
        *queries.in_transit(),
        *queries.bank(shop.account.iban if shop.account else ""),
        *queries.suppliers(),
        *queries.drawers(),
        *queries.owed(),
    ]
    found = [one for one in items.open_items(limit=_MOST) if one.kind in WITH]
    hints = _suggestions(found, shop, at)
    rows = [
        Open(one, _party(one), one.params.get("provider") or one.adapter, reconciling.age(one.opened_at, at),
             hints.get(one.id))
        for one in found
    ]  # fmt: skip
    since = at - LOOKS_BACK
    # An account that is empty, and of which nobody says anything, is no line.
    said = tuple(one for one in standings if one.theirs is not None or one.ours.amount_minor)
    return Reconciled(said, tuple(queries.chains(since)), tuple(queries.stopped(since, limit=_OLDEST)), tuple(rows))


def _party(one: Item) -> Party:
    if one.kind is Kind.CONTRADICTION and one.payment_id is None:
        return Party.SUPPLIER
    return WITH[one.kind]


def _suggestions(found: Sequence[Item], shop: Shop, at: datetime) -> dict[int, Suggestion]:
    """By item. What is looked for is read once, for all of them."""
    told: dict[int, Suggestion | None] = {}
    lines = {one.subject: one.id for one in found if one.kind is Kind.BANK_LINE}
    if lines and shop.account is not None:
        expected = queries.transfers_waited_for(at - LOOKS_BACK)
        waiting = payouts.waiting()
        for line in bank.open_lines(shop.account.iban, shop.keyring):
            if line.id in lines:
                text = f"{line.party.text} {line.party.name}"
                told[lines[line.id]] = reconciling.of_line(line.amount, text, expected, waiting)
    differing: dict[UUID, Item] = {one.subject: one for one in found if one.kind is Kind.PAYOUT_DIFFERS}
    if differing:
        refunds, missing = queries.refunds_at(at - LOOKS_BACK), queries.missing_at()
        for payout_id, strange in queries.strange(list(differing)).items():
            provider = differing[payout_id].params.get("provider", "")
            told[differing[payout_id].id] = reconciling.of_payout(
                strange, refunds.get(provider, []), missing.get(provider, [])
            )
    return {item_id: suggestion for item_id, suggestion in told.items() if suggestion is not None}
