"""A closed month as files for an accountant, and the same figures for a page.

Column names are the same in every language, since programs read them too; amounts have a point.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core import vat
from opla.core.chart import Chart
from opla.core.day import ZONE
from opla.core.ledger import Account
from opla.core.money import Money
from opla.db.queries import months as queries
from opla.db.queries.days import AccountDay
from opla.db.queries.months import ClosedMonth, Sold
from opla.presenting import items, ledger, plain_text_books

#: What a month is exported as, with what each file is.
FILES: Final = {
    "trial-balance.csv": gettext_noop("Trial balance"),
    "journal.csv": gettext_noop("Journal, line by line"),
    "journal.hledger": gettext_noop("Journal for hledger and ledger"),
    "vat.csv": gettext_noop("VAT on our own fee"),
    "provider-fees.csv": gettext_noop("Fees of payment providers"),
    "sales.csv": gettext_noop("Sales and margin"),
    "open-items.csv": gettext_noop("What was still open"),
}

_BY: Final = {
    "reseller": gettext_noop("By reseller"),
    "till": gettext_noop("By till"),
    "partner": gettext_noop("By partner shop"),
    "supplier": gettext_noop("By supplier"),
    "operator": gettext_noop("By operator"),
}


def export(name: str, one: ClosedMonth, chart: Chart) -> Iterator[str]:
    """One of `FILES`, piece by piece."""
    match name:
        case "trial-balance.csv":
            return _trial_balance(queries.accounts(one.month), chart)
        case "journal.csv":
            return ledger.journal_csv(queries.journal(one))
        case "journal.hledger":
            return plain_text_books.journal(one.month, chart, queries.accounts(one.month), queries.journal(one))
        case "vat.csv":
            return _vat(vat.report(queries.own_fees(one)))
        case "provider-fees.csv":
            return _provider_fees(provider_fees(queries.accounts(one.month)))
        case "sales.csv":
            return _sales(queries.sold(one))
        case "open-items.csv":
            return _items(queries.items(one.month))
    raise ValueError(f"{name} is no file of a month")


def _trial_balance(accounts: Sequence[AccountDay], chart: Chart) -> Iterator[str]:
    return ledger.pieces(
        ("number", "account", "name", "currency", "opening", "debits", "credits", "closing"),
        (
            (
                chart.of(a.account).number, a.account, ledger.account(a.account), a.opening.currency,
                *(amount.decimal for amount in (a.opening, a.debits, a.credits, a.closing)),
            )
            for a in sorted(accounts, key=lambda a: (chart.of(a.account).number, a.account))
        ),
    )  # fmt: skip


def totals(accounts: Sequence[AccountDay]) -> list[AccountDay]:
    """By currency: what began and what ended is nothing, and debits are credits; a page shows it."""
    found: dict[str, AccountDay] = {}
    for a in accounts:
        currency = a.opening.currency
        t = found.get(currency, AccountDay("", *[Money(0, currency)] * 5))
        sums = (
            t.opening + a.opening,
            t.debits + a.debits,
            t.credits + a.credits,
            t.closing + a.closing,
            t.held + a.held,
        )
        found[currency] = AccountDay("", *sums)
    return [found[currency] for currency in sorted(found)]


def _vat(rows: Sequence[vat.Row]) -> Iterator[str]:
    return ledger.pieces(
        ("rate_percent", "orders", "base", "vat", "currency"),
        (
            ("?" if row.percent is None else row.percent, row.orders, row.base.decimal, row.vat.decimal,
             row.base.currency)
            for row in rows
        ),
    )  # fmt: skip


@dataclass(frozen=True)
class ProviderFees:
    """What one payment provider kept and gave back: of payments, and of none of them (`other`)."""

    provider: str
    kept: Money
    given_back: Money
    other: Money

    @property
    def total(self) -> Money:
        return self.kept - self.given_back + self.other


def provider_fees(accounts: Sequence[AccountDay]) -> list[ProviderFees]:
    """From a trial balance, by provider and currency."""
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for a in accounts:
        kind, _sep, rest = a.account.partition(":")
        if kind in (Account.PSP_FEES, Account.PAYOUT_FEES):
            row = sums[rest.rpartition(":")[0], a.debits.currency]
            if kind == Account.PSP_FEES:
                row[0] += a.debits.amount_minor
                row[1] += a.credits.amount_minor
            else:
                row[2] += a.debits.amount_minor - a.credits.amount_minor
    return [
        ProviderFees(provider, *(Money(minor, currency) for minor in row))
        for (provider, currency), row in sorted(sums.items())
    ]


def _provider_fees(rows: Sequence[ProviderFees]) -> Iterator[str]:
    return ledger.pieces(
        ("provider", "kept_of_payments", "given_back", "of_no_payment", "total", "currency"),
        (
            (r.provider, r.kept.decimal, r.given_back.decimal, r.other.decimal, r.total.decimal, r.kept.currency)
            for r in rows
        ),
    )


def _sales(rows: Sequence[Sold]) -> Iterator[str]:
    return ledger.pieces(
        ("by", "name", "orders", "face", "cost", "margin", "fee", "fee_vat", "promotions", "given_back_by_choice",
         "currency"),
        ((row.by, row.name, row.orders, row.face.decimal, row.cost.decimal, row.margin.decimal, row.fee.decimal,
          row.vat.decimal, row.promotions.decimal, row.goodwill.decimal, row.face.currency) for row in rows),
    )  # fmt: skip


def sales(rows: Sequence[Sold]) -> list[tuple[str, list[Sold]]]:
    """Each dimension with its rows. One in which everything is the shop's own says nothing, and is left out."""
    by: dict[str, list[Sold]] = {name: [row for row in rows if row.by == name] for name in queries.DIMENSIONS}
    return [(_(_BY[name]), found) for name, found in by.items() if any(row.name for row in found)]


def _items(rows: Sequence[queries.Item]) -> Iterator[str]:
    return ledger.pieces(
        ("item", "kind", "text", "amount", "currency", "since", "settled"),
        (
            (
                row.id, row.kind, items.kind(row.kind), row.amount.decimal, row.amount.currency,
                row.opened_at.astimezone(ZONE).isoformat(timespec="seconds"),
                row.settled_at.astimezone(ZONE).isoformat(timespec="seconds") if row.settled_at else "",
            )
            for row in rows
        ),
    )  # fmt: skip


def files() -> list[tuple[str, str]]:
    """Each file's name and what it is."""
    return [(name, _(what)) for name, what in FILES.items()]
