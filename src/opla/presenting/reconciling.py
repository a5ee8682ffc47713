"""Reconciliation in words, and as files. Column names are the same in every language, since programs read them too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.day import ZONE
from opla.core.money import Money
from opla.core.reconciling import AGES, Clue, Party, Standing, Suggestion
from opla.operations.reconcile import Open
from opla.presenting import items, ledger

_PARTIES: Final = {
    Party.PROVIDER: gettext_noop("Payment provider"),
    Party.TRANSIT: gettext_noop("Paid out, on its way to the bank"),
    Party.BANK: gettext_noop("Bank account"),
    Party.SUPPLIER: gettext_noop("Prepaid at the supplier"),
    Party.DRAWER: gettext_noop("Till"),
    Party.PARTNER: gettext_noop("Owed to partner shops"),
    Party.RESELLER: gettext_noop("Prepaid by resellers"),
}

_CLUES: Final = {
    Clue.MISTYPED: gettext_noop("Probably for order %(ticket)s: its reference was written with one slip."),
    Clue.NAMED: gettext_noop("Probably for order %(ticket)s: its number stands in the text."),
    Clue.SAME_AMOUNT: gettext_noop("Perhaps for order %(ticket)s: no other waits for exactly this amount."),
    Clue.OTHER_REFERENCE: gettext_noop("Perhaps a payout of %(provider)s: one of the same sum is on its way."),
    Clue.OUR_REFUND: gettext_noop("Probably our refund of order %(ticket)s: the same sum in the same days."),
    Clue.NOT_BROUGHT: gettext_noop("Probably the payment of order %(ticket)s, which no payout has brought."),
    Clue.THEIR_FEE: gettext_noop("Only what they kept differs. Ask them for their price list."),
}


def party(of: Party) -> str:
    return _(_PARTIES[of])


def suggestion(of: Suggestion) -> str:
    return _(_CLUES[of.clue]) % {"ticket": of.ticket, "provider": of.provider}


def ages() -> list[str]:
    """Each age of `AGES` and the last, in days: `0–1`, `2–7`, … `> 30`."""
    starts = (0, *(most + 1 for most in AGES))
    return [*(f"{a}–{b}" for a, b in zip(starts, AGES, strict=False)), f"> {AGES[-1]}"]


def aged(rows: Sequence[Open]) -> list[tuple[str, int, list[Money]]]:
    """Of each age how many wait, and the money at risk by currency."""
    found = []
    for place, said in enumerate(ages()):
        mine = [row.item.at_risk for row in rows if row.age == place]
        sums: dict[str, int] = defaultdict(int)
        for amount in mine:
            sums[amount.currency] += amount.amount_minor
        found.append((said, len(mine), [Money(minor, currency) for currency, minor in sorted(sums.items())]))
    return found


def standings_csv(rows: Sequence[Standing]) -> Iterator[str]:
    return ledger.pieces(
        ("with", "name", "ours", "theirs", "difference", "currency", "told", "differs_since"),
        (
            (
                one.party, one.name, one.ours.decimal, one.theirs.decimal if one.theirs else "",
                one.difference.decimal if one.difference else "", one.ours.currency,
                one.told_at.astimezone(ZONE).isoformat(timespec="seconds") if one.told_at else "",
                one.since.astimezone(ZONE).isoformat(timespec="seconds") if one.since else "",
            )
            for one in rows
        ),
    )  # fmt: skip


def open_csv(rows: Sequence[Open]) -> Iterator[str]:
    said = ages()
    return ledger.pieces(
        ("item", "with", "name", "kind", "at_risk", "currency", "since", "age_days", "order", "clue",
         "suggested_order"),
        (
            (
                row.item.id, row.party, row.name, row.item.kind, row.item.at_risk.decimal, row.item.at_risk.currency,
                row.item.opened_at.astimezone(ZONE).isoformat(timespec="seconds"), said[row.age], row.item.ticket,
                row.suggestion.clue if row.suggestion else "", row.suggestion.ticket if row.suggestion else "",
            )
            for row in rows
        ),
    )  # fmt: skip


def kind(row: Open) -> str:
    return items.kind(row.item.kind)
