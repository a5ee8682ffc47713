"""Partner shops, their days and what is owed to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from opla.core.actor import Actor
from opla.core.money import Money
from opla.core.partner import Agreement, Day
from opla.db.queries.call import Argument, Row, call, expect, select


@dataclass(frozen=True)
class Partner:
    """An agreement with the places that are theirs now, and what is owed for it now."""

    agreement: Agreement
    places: frozenset[int]
    owed: Money


_PARTNER = """SELECT p.name, p.title, p.enterprise, p.permille, p.email, p.language, p.agreed_on, p.ends_on, p.paper,
                     ARRAY(SELECT l.place_id FROM partner_place l
                           WHERE l.partner = p.name AND l.until_on IS NULL ORDER BY 1),
                     coalesce(a.credits_posted - a.debits_posted, 0)
              FROM partner p LEFT JOIN account a ON a.code = 'partner_owed:' || p.name || ':' || %s"""


def partners(currency: str) -> list[Partner]:
    return [_partner(row, currency) for row in select(f"{_PARTNER} ORDER BY p.title, p.name", [currency])]


def partner(name: str, currency: str) -> Partner | None:
    rows = select(f"{_PARTNER} WHERE p.name = %s", [currency, name])
    return _partner(rows[0], currency) if rows else None


def _partner(row: Row, currency: str) -> Partner:
    name, title, enterprise, permille, email, language, agreed_on, ends_on, paper, places, owed = row
    agreement = Agreement(
        expect(name, str), expect(title, str), expect(enterprise, str), expect(permille, int), expect(email, str),
        expect(language, str), expect(agreed_on, date), ends_on if isinstance(ends_on, date) else None,
        expect(paper, str),
    )  # fmt: skip
    return Partner(agreement, frozenset(expect(places, list)), Money(expect(owed, int), currency))


def keep(event_id: UUID, one: Agreement, places: Sequence[int], *, actor: Actor, at: datetime) -> str:
    """`kept`, or `place_taken`: one is another partner's."""
    [(result,)] = call(
        "opla_partner", Argument(at, "timestamptz"), Argument(str(actor), "text"), Argument(event_id, "uuid"),
        Argument(one.name, "text"), Argument(one.title, "text"), Argument(one.enterprise, "text"),
        Argument(one.permille, "int"), Argument(one.email, "text"), Argument(one.language, "text"),
        Argument(one.agreed_on, "date"), Argument(one.ends_on, "date"), Argument(one.paper, "text"),
        Argument(list(places), "bigint[]"),
    )  # fmt: skip
    return expect(result, str)


@dataclass(frozen=True)
class Sums:
    """What was taken in a time at the places that were a partner's then, and given back there."""

    cash: Money
    card: Money
    back: Money


def sums(name: str, since: datetime, until: datetime, currency: str) -> Sums:
    rows = select("SELECT * FROM opla_partner_sums(%s, %s, %s, %s)", [name, since, until, currency])
    cash, card, back = (Money(expect(minor, int), currency) for minor in rows[0])
    return Sums(cash, card, back)


def days_to_close(last: date, *, limit: int) -> list[tuple[str, date]]:
    """Days until `last` of running agreements that nobody has closed yet, the oldest first."""
    rows = select(
        """SELECT p.name, d.day::date FROM partner p
           CROSS JOIN LATERAL generate_series(p.agreed_on, least(p.ends_on - 1, %s), interval '1 day') AS d (day)
           WHERE NOT EXISTS (SELECT FROM partner_day c WHERE c.partner = p.name AND c.day = d.day::date)
           ORDER BY 2, 1 LIMIT %s""",
        [last, limit],
    )
    return [(expect(name, str), expect(day, date)) for name, day in rows]


def close(event_id: UUID, name: str, one: Day, *, actor: Actor, at: datetime) -> bool:
    """False where that day was closed before, or is not agreed any more."""
    [(done,)] = call(
        "opla_partner_day", Argument(at, "timestamptz"), Argument(str(actor), "text"), Argument(event_id, "uuid"),
        Argument(name, "text"), Argument(one.day, "date"), Argument(one.cash.currency, "text"),
        Argument(one.cash.amount_minor, "bigint"), Argument(one.card.amount_minor, "bigint"),
        Argument(one.back.amount_minor, "bigint"), Argument(one.permille, "int"),
        Argument(one.commission.amount_minor, "bigint"),
    )  # fmt: skip
    return bool(done)


def days(name: str, since: date, until: date) -> list[Day]:
    """Its closed days from `since` to the day before `until`, the oldest first."""
    rows = select(
        """SELECT day, cash_minor, card_minor, back_minor, permille, commission_minor, currency FROM partner_day
           WHERE partner = %s AND day >= %s AND day < %s ORDER BY day""",
        [name, since, until],
    )
    return [_day(row) for row in rows]


def _day(row: Row) -> Day:
    day, cash, card, back, permille, commission, currency = row
    money = expect(currency, str)
    return Day(
        expect(day, date), Money(expect(cash, int), money), Money(expect(card, int), money),
        Money(expect(back, int), money), expect(permille, int), Money(expect(commission, int), money),
    )  # fmt: skip


def paid(paid_id: UUID, name: str, amount: Money, why: str, *, actor: Actor, at: datetime) -> str:
    """`paid`, `again`, `too_much` or `key_reused`."""
    [(result,)] = call(
        "opla_partner_paid", Argument(at, "timestamptz"), Argument(str(actor), "text"), Argument(paid_id, "uuid"),
        Argument(name, "text"), Argument(amount.amount_minor, "bigint"), Argument(amount.currency, "text"),
        Argument(why, "text"),
    )  # fmt: skip
    return expect(result, str)
