"""What others said of our money, beside our own books at the same instant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import groupby
from uuid import UUID

from opla.core.money import Money
from opla.core.reconciling import Expected, Party, Standing, Strange, differs_since
from opla.db.queries.call import Row, expect, select

_BALANCES = """SELECT kind, code, currency, debits_posted - credits_posted FROM account
               WHERE kind = ANY (%s) ORDER BY code"""

#: What an account (`a`) gained after an instant.
_SINCE = """(SELECT coalesce(sum(x.minor), 0)::bigint FROM (
    SELECT t.amount_minor AS minor FROM every_transfer t WHERE t.debit = a.id AND t.at > {0} AND t.phase = 'posted'
    UNION ALL
    SELECT -t.amount_minor FROM every_transfer t WHERE t.credit = a.id AND t.at > {0} AND t.phase = 'posted') x)"""

_TICKETS = """coalesce((SELECT min(o.ticket) FROM allocation s JOIN orders o ON o.id = s.order_id
                        WHERE s.payment_id = p.id), '')"""

#: As many figures back it is looked for since when they differ.
_HISTORY = 60


def _name(code: str) -> str:
    """`psp_clearing:mollie:EUR` → mollie."""
    return ":".join(code.split(":")[1:-1])


def _balances(*kinds: str) -> list[tuple[str, Money]]:
    rows = select(_BALANCES, [list(kinds)])
    return [(_name(expect(code, str)), Money(expect(minor, int), expect(cur, str))) for _kind, code, cur, minor in rows]


def providers() -> list[Standing]:
    """By way of paying. What a provider's payouts should have brought and did not is ours alone: payments that an item
    says are missing, and what is left of those that came with another sum."""
    rows = select(
        """WITH missing AS (
               SELECT p.provider, i.currency, sum(i.amount_minor)::bigint AS minor, min(i.opened_at) AS since
               FROM item i JOIN payment p ON p.id = i.payment_id
               WHERE i.closed_at IS NULL AND i.kind = 'payout_missing' GROUP BY 1, 2
           ), told AS (
               SELECT p.provider, p.currency, max(y.paid_on) AS paid_on FROM payout y
               JOIN payout_line l ON l.payout_id = y.id JOIN payment p ON p.id = l.payment_id GROUP BY 1, 2
           ), other AS (
               SELECT p.provider, p.currency, sum(p.captured_minor - w.paid)::bigint AS minor, min(w.since) AS since
               FROM (
                   SELECT l.payment_id, sum(l.gross_minor) AS paid, min(y.made_at) AS since
                   FROM payout_line l JOIN payout y ON y.id = l.payout_id
                   WHERE l.kind = 'payment' AND l.payment_id IN (
                       SELECT payment_id FROM payout_line WHERE verdict = 'other_amount' AND kind = 'payment')
                   GROUP BY 1
               ) w JOIN payment p ON p.id = w.payment_id GROUP BY 1, 2
           )
           SELECT a.code, a.currency, a.debits_posted - a.credits_posted,
                  (SELECT paid_on FROM told WHERE provider = n.name AND currency = a.currency),
                  coalesce((SELECT minor FROM missing WHERE provider = n.name AND currency = a.currency), 0)
                    + coalesce((SELECT minor FROM other WHERE provider = n.name AND currency = a.currency), 0),
                  least((SELECT since FROM missing WHERE provider = n.name AND currency = a.currency),
                        (SELECT since FROM other WHERE provider = n.name AND currency = a.currency))
           FROM account a CROSS JOIN LATERAL (SELECT split_part(a.code, ':', 2) AS name) n
           WHERE a.kind = 'psp_clearing' ORDER BY a.code"""
    )
    found = []
    for code, currency, ours, paid_on, gap, since in rows:
        money, less = (Money(expect(minor, int), expect(currency, str)) for minor in (ours, gap))
        theirs = money - less if isinstance(paid_on, date) else None
        told_at = datetime.combine(paid_on, time(), UTC) if isinstance(paid_on, date) else None
        found.append(Standing(Party.PROVIDER, _name(expect(code, str)), money, theirs, told_at, _moment(since)))
    return found


def in_transit() -> list[Standing]:
    sent: dict[tuple[str, str], int] = defaultdict(int)
    told: dict[tuple[str, str], datetime] = {}
    failed: dict[tuple[str, str], datetime] = {}
    for provider, currency, state, minor, made_at in select(
        "SELECT provider, currency, state, amount_minor, made_at FROM payout WHERE state <> 'arrived' ORDER BY made_at"
    ):
        key, at = (expect(provider, str), expect(currency, str)), expect(made_at, datetime)
        told[key] = at
        if state == "sent":
            sent[key] += expect(minor, int)
        else:
            failed.setdefault(key, at)
    return [
        Standing(
            Party.TRANSIT, name, ours, Money(sent[name, ours.currency], ours.currency), told.get((name, ours.currency)),
            failed.get((name, ours.currency)),
        )
        for name, ours in _balances("in_transit")
    ]  # fmt: skip


def bank(account: str) -> list[Standing]:
    """The account at the end of its newest statement that says what it ends with."""
    ended = "((s.until_on + 1)::timestamp AT TIME ZONE 'Europe/Brussels' - interval '1 microsecond')"
    rows = select(
        f"""SELECT s.currency, {ended}, s.closing_minor,
                   coalesce((SELECT d.closing_minor FROM day_account d WHERE d.day = s.until_on AND d.account = a.code),
                            a.debits_posted - a.credits_posted - {_SINCE.format(ended)}, 0)
            FROM (SELECT DISTINCT ON (currency, until_on) * FROM bank_statement
                  WHERE account = %s AND closing_minor IS NOT NULL
                  ORDER BY currency, until_on DESC, imported_at DESC) s
            LEFT JOIN account a ON a.code = 'bank:' || s.currency
            ORDER BY s.currency, s.until_on DESC LIMIT %s""",  # noqa: S608 - constants of ours
        [account, _HISTORY],
    )
    found = []
    for currency, its in groupby(rows, key=lambda row: expect(row[0], str)):
        told = [(expect(at, datetime), expect(theirs, int), expect(ours, int)) for _c, at, theirs, ours in its]
        at, theirs, ours = told[0]
        since = differs_since((when, b - a) for when, a, b in told)
        found.append(Standing(Party.BANK, account, Money(ours, currency), Money(theirs, currency), at, since))
    known = {one.ours.currency for one in found}
    return found + [Standing(Party.BANK, account, ours) for _n, ours in _balances("bank") if ours.currency not in known]


def suppliers() -> list[Standing]:
    """By what each told last, and since when that has differed from our books then."""
    rows = select(
        f"""SELECT s.supplier, s.currency, s.at, s.minor, a.debits_posted - a.credits_posted - {_SINCE.format("s.at")}
            FROM (SELECT *, row_number() OVER (PARTITION BY supplier, currency ORDER BY at DESC) AS n FROM (
                      SELECT supplier, at, minor, currency FROM float_told
                      UNION ALL
                      SELECT supplier, float_at, float_minor, float_currency FROM supplier_state
                      WHERE float_minor IS NOT NULL) w) s
            JOIN account a ON a.code = 'supplier_float:' || s.supplier || ':' || s.currency
            WHERE s.n <= %s ORDER BY s.supplier, s.currency, s.at DESC""",  # noqa: S608 - constants of ours
        [_HISTORY],
    )
    found = []
    for (name, currency), its in groupby(rows, key=lambda row: (expect(row[0], str), expect(row[1], str))):
        told = [(expect(at, datetime), expect(theirs, int), expect(ours, int)) for _s, _c, at, theirs, ours in its]
        at, theirs, ours = told[0]
        since = differs_since((when, b - a) for when, a, b in told)
        found.append(Standing(Party.SUPPLIER, name, Money(ours, currency), Money(theirs, currency), at, since))
    known = {(one.name, one.ours.currency) for one in found}
    silent = [s for s in _balances("supplier_float") if (s[0], s[1].currency) not in known]
    return sorted([*found, *(Standing(Party.SUPPLIER, n, ours) for n, ours in silent)], key=lambda one: one.name)


def drawers() -> list[Standing]:
    """Each as it was last counted. What the count found beyond the books, or missed, was posted there and then."""
    rows = select(
        """SELECT a.code, a.currency, a.debits_posted - a.credits_posted, l.given_minor, l.minor, l.at
           FROM account a LEFT JOIN LATERAL (
               SELECT given_minor, minor, at FROM drawer_line d
               WHERE d.drawer = split_part(a.code, ':', 2) AND d.currency = a.currency AND d.kind = 'counted'
               ORDER BY d.n DESC LIMIT 1) l ON true
           WHERE a.kind = 'till_drawer' ORDER BY a.code"""
    )
    found = []
    for code, currency, now, counted, beyond, at in rows:
        name, money = _name(expect(code, str)), expect(currency, str)
        if isinstance(counted, int) and isinstance(beyond, int) and isinstance(at, datetime):
            ours, theirs = Money(counted - beyond, money), Money(counted, money)
            found.append(Standing(Party.DRAWER, name, ours, theirs, at, at if beyond else None))
        else:
            found.append(Standing(Party.DRAWER, name, Money(expect(now, int), money)))
    return found


def owed() -> list[Standing]:
    """Partner shops and resellers: nobody tells us their side."""
    return [
        *(Standing(Party.PARTNER, name, ours) for name, ours in _balances("partner_owed")),
        *(Standing(Party.RESELLER, name, ours) for name, ours in _balances("reseller_float")),
    ]


@dataclass(frozen=True)
class Chain:
    """How far the money of one way of paying has come: captured by us, in a provider's payout, on our bank's statement.

    Payments that were made since some day: how many stop there, and what came in of them.
    """

    provider: str
    captured: tuple[int, Money]
    paid_out: tuple[int, Money]
    arrived: tuple[int, Money]

    @property
    def stages(self) -> tuple[tuple[int, Money], ...]:
        return self.captured, self.paid_out, self.arrived


def chains(since: datetime) -> list[Chain]:
    rows = select(
        """SELECT p.provider, p.currency, coalesce(w.stage, 'captured'), count(*)::int, sum(p.captured_minor)::bigint
           FROM payment p LEFT JOIN LATERAL (
               SELECT CASE WHEN bool_or(y.state = 'arrived') THEN 'arrived' ELSE 'paid_out' END AS stage
               FROM payout_line l JOIN payout y ON y.id = l.payout_id
               WHERE l.payment_id = p.id AND l.kind = 'payment' HAVING count(*) > 0) w ON true
           WHERE p.made_at >= %s AND p.captured_minor > 0
             AND p.provider NOT IN ('bank_transfer', 'cash', 'voucher')
           GROUP BY 1, 2, 3 ORDER BY 1, 2""",
        [since],
    )
    found = []
    for (provider, currency), its in groupby(rows, key=lambda row: (expect(row[0], str), expect(row[1], str))):
        stages = {expect(s, str): (expect(n, int), Money(expect(m, int), currency)) for _p, _c, s, n, m in its}
        nothing = (0, Money(0, currency))
        found.append(Chain(provider, *(stages.get(s, nothing) for s in ("captured", "paid_out", "arrived"))))
    return found


@dataclass(frozen=True)
class Stopped:
    """A payment whose money is not at our bank yet: with the provider, or in a payout that no statement shows."""

    ticket: str
    provider: str
    amount: Money
    paid_at: datetime
    payout_id: UUID | None
    payout: str  # as the provider calls it


def stopped(since: datetime, *, limit: int) -> list[Stopped]:
    """Of the payments that `chains` counts, the oldest."""
    rows = select(
        f"""SELECT {_TICKETS}, p.provider, p.captured_minor, p.currency, p.made_at, w.id, coalesce(w.their_id, '')
            FROM payment p LEFT JOIN LATERAL (
                SELECT y.id, y.their_id, y.state FROM payout_line l JOIN payout y ON y.id = l.payout_id
                WHERE l.payment_id = p.id AND l.kind = 'payment' ORDER BY y.state = 'arrived' DESC, y.id LIMIT 1
            ) w ON true
            WHERE p.made_at >= %s AND p.captured_minor > 0 AND w.state IS DISTINCT FROM 'arrived'
              AND p.provider NOT IN ('bank_transfer', 'cash', 'voucher')
            ORDER BY p.made_at, p.id LIMIT %s""",  # noqa: S608 - constants of ours
        [since, limit],
    )
    return [
        Stopped(
            expect(ticket, str), expect(provider, str), Money(expect(minor, int), expect(currency, str)),
            expect(at, datetime), payout_id if isinstance(payout_id, UUID) else None, expect(theirs, str),
        )
        for ticket, provider, minor, currency, at, payout_id, theirs in rows
    ]  # fmt: skip


# ── for suggestions ──


def _expected(row: Row) -> Expected:
    ticket, minor, currency, at, number = row
    return Expected(
        expect(ticket, str), Money(expect(minor, int), expect(currency, str)), expect(at, datetime).date(),
        expect(number, str),
    )  # fmt: skip


def transfers_waited_for(since: datetime) -> list[Expected]:
    """Payments by bank transfer of which nothing has come, also of orders that expired meanwhile."""
    rows = select(
        f"""SELECT {_TICKETS}, p.amount_minor, p.currency, p.made_at, b.number
            FROM payment p JOIN attempt c ON c.payment_id = p.id JOIN bank_reference b ON b.attempt = c.reference
            WHERE p.provider = 'bank_transfer' AND p.captured_minor = 0 AND p.made_at >= %s
            ORDER BY p.made_at, p.id""",  # noqa: S608 - constants of ours
        [since],
    )
    return [_expected(row) for row in rows]


def refunds_at(since: datetime) -> dict[str, list[Expected]]:
    """By provider what we gave back there, as payouts count it."""
    rows = select(
        f"""SELECT {_TICKETS}, r.amount_minor, r.currency, r.ended_at, '', p.provider
            FROM refund r JOIN payment p ON p.id = r.payment_id
            WHERE r.state = 'done' AND r.ended_at >= %s ORDER BY r.ended_at""",  # noqa: S608 - constants of ours
        [since],
    )
    found: dict[str, list[Expected]] = defaultdict(list)
    for *row, provider in rows:
        found[expect(provider, str)].append(_expected(tuple(row)))
    return found


def missing_at() -> dict[str, list[Expected]]:
    """By provider the payments that items say no payout has brought."""
    rows = select(
        f"""SELECT {_TICKETS}, p.captured_minor, p.currency, p.made_at, '', p.provider
            FROM item i JOIN payment p ON p.id = i.payment_id
            WHERE i.kind = 'payout_missing' AND i.closed_at IS NULL ORDER BY p.made_at"""  # noqa: S608 - constants of ours
    )
    found: dict[str, list[Expected]] = defaultdict(list)
    for *row, provider in rows:
        found[expect(provider, str)].append(_expected(tuple(row)))
    return found


def strange(payout_ids: Sequence[UUID]) -> dict[UUID, Strange]:
    """What does not agree in these payouts."""
    rows = select(
        """SELECT y.id, y.paid_on, y.currency, array_agg(l.gross_minor) FILTER (WHERE l.verdict = 'unknown'),
                  bool_or(l.verdict = 'other_fee'), bool_or(l.verdict = 'other_amount')
           FROM payout y JOIN payout_line l ON l.payout_id = y.id AND l.verdict <> 'agrees'
           WHERE y.id = ANY (%s) GROUP BY y.id""",
        [list(payout_ids)],
    )
    return {
        expect(id_, UUID): Strange(
            expect(paid_on, date), _amounts(unknown, expect(currency, str)), bool(fees),
            bool(sums),
        )
        for id_, paid_on, currency, unknown, fees, sums in rows
    }  # fmt: skip


def _amounts(value: object, currency: str) -> tuple[Money, ...]:
    return tuple(Money(minor, currency) for minor in value) if isinstance(value, list) else ()


def _moment(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None
