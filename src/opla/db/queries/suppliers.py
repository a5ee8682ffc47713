"""What is known of suppliers: whether they answer, what of our money lies there, what they list, what of it is ours."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from opla.core import routing, supply
from opla.core.actor import Actor
from opla.core.money import Money
from opla.core.ports import Kind, Listed
from opla.core.routing import Considered
from opla.core.supply import Terms
from opla.db.queries.call import Argument, Row, call, columns, expect, select

# ── for routing ──


def states(names: Sequence[str]) -> dict[str, routing.State]:
    """Those of these suppliers that anything is known of."""
    rows = select(
        """SELECT supplier, open_until, try_until, failures, float_minor, float_currency, float_at, short_at
           FROM supplier_state WHERE supplier = ANY (%s)""",
        [list(names)],
    )
    return {
        expect(name, str): routing.State(
            _moment(open_until),
            _moment(try_until),
            expect(failures, int),
            Money(left, expect(currency, str)) if isinstance(left, int) else None,
            _moment(left_at),
            _moment(short_at),
        )
        for name, open_until, try_until, failures, left, currency, left_at, short_at in rows
    }


@dataclass(frozen=True)
class Approved:
    """What one of ours is called at a supplier, and what it is there."""

    their_sku: str
    terms: Terms


def approved(
    names: Sequence[str], skus: Sequence[str], *, listed_only: bool = False
) -> dict[tuple[str, str], Approved]:
    """By (supplier, our sku); with `listed_only` those that have not left their list since."""
    rows = select(
        """SELECT s.supplier, s.sku, s.their_sku, s.currency, s.min_minor, s.max_minor, s.cost_minor, s.cost_currency
           FROM supply s WHERE s.state = 'approved' AND s.supplier = ANY (%s) AND s.sku = ANY (%s)
             AND NOT (%s AND EXISTS (SELECT FROM listed l WHERE l.supplier = s.supplier AND l.their_sku = s.their_sku
                                     AND l.gone_at IS NOT NULL))""",
        [list(names), list(skus), listed_only],
    )
    return {(expect(row[0], str), expect(row[1], str)): Approved(expect(row[2], str), _terms(row[3:8])) for row in rows}


def ours(supplier: str, their_skus: Sequence[str]) -> list[str]:
    """Which of ours these are, where a person approved it."""
    rows = select(
        "SELECT sku FROM supply WHERE state = 'approved' AND supplier = %s AND their_sku = ANY (%s) ORDER BY sku",
        [supplier, list(their_skus)],
    )
    return [expect(row[0], str) for row in rows]


#: Supplier, our sku, face value.
Sent = tuple[str, str, Money]


def learn_costs(since: datetime, shelves: Sequence[str]) -> int:
    """Keep what suppliers took for what was delivered lately; how many costs are new."""
    rows = call("opla_learn_costs", Argument(since, "timestamptz"), Argument(list(shelves), "text[]"))
    return expect(rows[0][0], int)


def learned(names: Sequence[str], skus: Sequence[str], since: datetime) -> dict[Sent, Money]:
    """What they took the last time, if that was since then, and since a person approved what they list."""
    rows = select(
        """SELECT c.supplier, c.sku, c.face_minor, c.cost_minor, c.currency FROM supply_cost c
           JOIN supply s ON s.supplier = c.supplier AND s.sku = c.sku AND s.state = 'approved' AND s.decided_at <= c.at
           WHERE c.supplier = ANY (%s) AND c.sku = ANY (%s) AND c.at >= %s""",
        [list(names), list(skus), since],
    )
    found = {}
    for supplier, sku, face_minor, cost_minor, currency in rows:
        of = expect(currency, str)
        face, cost = Money(expect(face_minor, int), of), Money(expect(cost_minor, int), of)
        found[expect(supplier, str), expect(sku, str), face] = cost
    return found


def sent_as(attempt_ids: Sequence[UUID]) -> dict[UUID, str]:
    """What these sends are of, in their supplier's words, where that was kept."""
    rows = select(
        "SELECT attempt_id, their_sku FROM attempt_route WHERE attempt_id = ANY (%s::uuid[])", [list(attempt_ids)]
    )
    return {expect(attempt_id, UUID): expect(sku, str) for attempt_id, sku in rows}


def keep_routes(routes: Sequence[tuple[UUID, str, Sequence[Considered]]], *, at: datetime) -> None:
    """(attempt, their sku, the list it was chosen from): as it is now, for ever."""
    rows = [(attempt, theirs, json.dumps([_written(one) for one in ranked])) for attempt, theirs, ranked in routes]
    call("opla_keep_routes", Argument(at, "timestamptz"), *columns(rows, "uuid", "text", "text"))


def _written(one: Considered) -> dict[str, str]:
    cost = {"cost_minor": str(one.cost.amount_minor), "currency": one.cost.currency} if one.cost else {}
    return {"supplier": one.supplier, "standing": one.standing, "said": one.said, **cost}


def routes_of(attempt_ids: Sequence[UUID]) -> dict[UUID, list[Considered]]:
    """The lists that these sends were routed by, as they were kept."""
    rows = select(
        "SELECT attempt_id, considered::text FROM attempt_route WHERE attempt_id = ANY (%s::uuid[])",
        [list(attempt_ids)],
    )
    return {expect(attempt_id, UUID): _read(json.loads(expect(text, str))) for attempt_id, text in rows}


def _read(kept: Sequence[Mapping[str, str]]) -> list[Considered]:
    return [
        Considered(
            one["supplier"],
            routing.Standing(one["standing"]),
            Money(int(one["cost_minor"]), one["currency"]) if "cost_minor" in one else None,
            said=one["said"],
        )
        for one in kept
    ]


@dataclass(frozen=True)
class Waited:
    """Since when an order's delivery is tried, and how often a supplier lacked the float for it."""

    since: datetime
    short: int


def waited(order_ids: Sequence[UUID]) -> dict[UUID, Waited]:
    rows = select(
        """SELECT order_id, min(made_at), (count(*) FILTER (WHERE state = 'declined' AND why = %s))::int FROM attempt
           WHERE order_id = ANY (%s::uuid[]) GROUP BY order_id""",
        [routing.OUT_OF_FLOAT, list(order_ids)],
    )
    return {expect(id_, UUID): Waited(expect(since, datetime), expect(short, int)) for id_, since, short in rows}


# ── health and floats ──


@dataclass
class Heard:
    """What a batch of sends taught us of one supplier: `bad` are those without an answer since the last good one."""

    good: bool = False
    bad: int = 0
    short: bool = False


def heard(news: Mapping[str, Heard], *, at: datetime) -> None:
    rows = [(name, one.good, one.bad, one.short) for name, one in sorted(news.items())]
    call(
        "opla_supplier_heard",
        Argument(at, "timestamptz"),
        Argument(routing.OPENS_AFTER, "int"),
        Argument(list(routing.OPEN_S), "int[]"),
        *columns(rows, "text", "boolean", "int", "boolean"),
    )


def try_open(supplier: str, *, at: datetime) -> bool:
    """Whether this caller may send one thing through a circuit whose time is over."""
    [(may,)] = call(
        "opla_supplier_try",
        Argument(at, "timestamptz"),
        Argument(supplier, "text"),
        Argument(routing.TRY_S, "int"),
    )
    return expect(may, bool)


def anything_due(names: Sequence[str], *, at: datetime) -> bool:
    """Whether a float or a list of one of these is to be read: asked often, so it writes nothing."""
    rows = select(
        """SELECT FROM unnest(%s::text[]) AS n (name) LEFT JOIN supplier_state s ON s.supplier = n.name
           WHERE least(coalesce(s.float_due_at, %s), coalesce(s.sync_due_at, %s)) <= %s LIMIT 1""",
        [list(names), at, at, at],
    )
    return bool(rows)


def float_due(names: Sequence[str], *, at: datetime, again_s: int) -> list[str]:
    """Whose float this caller asks for now."""
    return _due("opla_float_due", names, at, again_s)


def sync_due(names: Sequence[str], *, at: datetime, again_s: int) -> list[str]:
    """Whose list this caller reads now."""
    return _due("opla_sync_due", names, at, again_s)


def _due(function: str, names: Sequence[str], at: datetime, again_s: int) -> list[str]:
    rows = call(function, Argument(at, "timestamptz"), Argument(list(names), "text[]"), Argument(again_s, "int"))
    return sorted(expect(row[0], str) for row in rows)


def float_soon(names: Sequence[str], *, at: datetime, within_s: int) -> None:
    call(
        "opla_float_soon",
        Argument(at, "timestamptz"),
        Argument(list(names), "text[]"),
        Argument(within_s, "int"),
    )


def float_waits(names: Sequence[str], *, at: datetime) -> None:
    """Orders wait because too little of our money lies there: a person must know, and they are asked again at once."""
    call("opla_float_waits", Argument(at, "timestamptz"), Argument(list(names), "text[]"))


def float_told(supplier: str, left: Money, *, at: datetime) -> None:
    call(
        "opla_float_told",
        Argument(at, "timestamptz"),
        Argument(supplier, "text"),
        Argument(left.amount_minor, "bigint"),
        Argument(left.currency, "text"),
    )


def float_below(supplier: str, below: Money | None, id_: UUID, *, actor: Actor, at: datetime) -> None:
    call(
        "opla_float_below",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(id_, "uuid"),
        Argument(supplier, "text"),
        Argument(below.amount_minor if below else None, "bigint"),
        Argument(below.currency if below else "", "text"),
    )


@dataclass(frozen=True)
class Overview:
    """One supplier as its owner sees it. `booked` is what our books say lies there, by currency."""

    name: str
    state: routing.State
    below: Money | None
    booked: tuple[Money, ...]
    synced_at: datetime | None
    synced: str
    listed: int
    approved: int


def overview(names: Sequence[str]) -> list[Overview]:
    """In the order of the names, whether anything is known of them or not."""
    known = states(names)
    rows = select(
        """SELECT n.name, s.below_minor, coalesce(s.below_currency, ''), s.synced_at, coalesce(s.synced, ''),
                  (SELECT count(*)::int FROM listed l WHERE l.supplier = n.name AND l.gone_at IS NULL),
                  (SELECT count(*)::int FROM supply u WHERE u.supplier = n.name AND u.state = 'approved'),
                  ARRAY(SELECT (a.debits_posted - a.credits_posted)::bigint FROM account a
                        WHERE a.code LIKE 'supplier\\_float:' || n.name || ':%%' ORDER BY a.currency),
                  ARRAY(SELECT a.currency FROM account a
                        WHERE a.code LIKE 'supplier\\_float:' || n.name || ':%%' ORDER BY a.currency)
           FROM unnest(%s::text[]) WITH ORDINALITY AS n (name, place) LEFT JOIN supplier_state s ON s.supplier = n.name
           ORDER BY n.place""",
        [list(names)],
    )
    return [
        Overview(
            expect(name, str),
            known.get(expect(name, str), routing.State()),
            Money(below, expect(currency, str)) if isinstance(below, int) else None,
            tuple(Money(m, c) for m, c in zip(expect(minors, list), expect(currencies, list), strict=True)),
            _moment(synced_at),
            expect(synced, str),
            expect(listed, int),
            expect(accepted, int),
        )
        for name, below, currency, synced_at, synced, listed, accepted, minors, currencies in rows
    ]


# ── lists and supplies ──


@dataclass(frozen=True)
class Supplied:
    """One of theirs beside one of ours. `kept` is what was approved (or proposed), `told` what they list now (None:
    nothing), `seen` names that list: who decides says what was seen. `news` waits for a person."""

    supplier: str
    sku: str
    their_sku: str
    state: supply.State
    name: str
    operator: str
    kept: Terms
    told: Terms | None
    seen: str
    told_at: datetime
    decided_at: datetime | None
    decided_by: str
    news: tuple[supply.News, ...]


def supplied(names: Sequence[str]) -> list[Supplied]:
    """Everything that is proposed, approved, refused or gone at these suppliers."""
    rows = select(
        """SELECT s.supplier, s.sku, s.their_sku, s.state, l.name, l.operator,
                  s.currency, s.min_minor, s.max_minor, s.cost_minor, s.cost_currency,
                  l.currency, l.min_minor, l.max_minor, l.cost_minor, l.cost_currency,
                  l.gone_at IS NOT NULL, opla_told(l), coalesce(l.gone_at, l.told_at), s.decided_at,
                  s.decided_by, s.seen
           FROM supply s JOIN listed l USING (supplier, their_sku) WHERE s.supplier = ANY (%s)
           ORDER BY s.supplier, s.sku, s.their_sku""",
        [list(names)],
    )
    return [_supplied(row) for row in rows]


def _supplied(row: Row) -> Supplied:
    state, kept = supply.State(expect(row[3], str)), _terms(row[6:11])
    told = None if row[16] else _terms(row[11:16])
    seen = expect(row[17], str)
    fresh = supply.news(state, kept, told) if expect(row[21], str) != seen else ()
    return Supplied(
        expect(row[0], str),
        expect(row[1], str),
        expect(row[2], str),
        state,
        expect(row[4], str),
        expect(row[5], str),
        kept,
        told,
        seen,
        expect(row[18], datetime),
        _moment(row[19]),
        expect(row[20], str),
        fresh,
    )


def listed_count(supplier: str, country: str) -> int:
    """How many of theirs are on their list, as it was last believed."""
    [(count,)] = select(
        "SELECT count(*)::int FROM listed WHERE supplier = %s AND country = %s AND gone_at IS NULL", [supplier, country]
    )
    return expect(count, int)


@dataclass(frozen=True)
class Theirs:
    """One of theirs that is nobody's of ours yet."""

    their_sku: str
    name: str
    operator: str
    kind: str
    terms: Terms
    seen: str


def unmatched(supplier: str, limit: int = 500) -> list[Theirs]:
    """What they list, and nobody has proposed for anything of ours."""
    rows = select(
        """SELECT l.their_sku, l.name, l.operator, l.kind, l.currency, l.min_minor, l.max_minor, l.cost_minor,
                  l.cost_currency, opla_told(l)
           FROM listed l WHERE l.supplier = %s AND l.gone_at IS NULL
             AND NOT EXISTS (SELECT FROM supply s WHERE s.supplier = l.supplier AND s.their_sku = l.their_sku)
           ORDER BY l.operator, l.min_minor, l.their_sku LIMIT %s""",
        [supplier, limit],
    )
    return [
        Theirs(expect(theirs, str), expect(name, str), expect(operator, str), expect(kind, str), _terms(terms),
               expect(seen, str))
        for theirs, name, operator, kind, *terms, seen in rows
    ]  # fmt: skip


def listing(supplier: str, their_sku: str) -> tuple[Listed, str] | None:
    """What they list of this one, and that as one text (`Supplied.seen`); None: they never did."""
    rows = select(
        """SELECT l.their_sku, l.name, l.operator, l.country, l.kind, l.currency, l.min_minor, l.max_minor,
                  l.cost_minor, l.cost_currency, opla_told(l)
           FROM listed l WHERE l.supplier = %s AND l.their_sku = %s""",
        [supplier, their_sku],
    )
    if not rows:
        return None
    sku, name, operator, country, kind, *terms, seen = rows[0]
    told = _terms(terms)
    return (
        Listed(
            expect(sku, str),
            expect(name, str),
            expect(operator, str),
            expect(country, str),
            Kind(expect(kind, str)),
            told.currency,
            told.min_minor,
            told.max_minor,
            told.cost_minor,
            told.cost_currency,
        ),
        expect(seen, str),
    )


@dataclass(frozen=True)
class Synced:
    """What one list brought: how many are new, otherwise than before, and no longer there."""

    fresh: int
    changed: int
    gone: int


def keep_list(
    supplier: str,
    country: str,
    listed: Sequence[Listed],
    proposals: Sequence[tuple[UUID, str, str]],
    *,
    at: datetime,
) -> Synced:
    """Keep what they list now, and (id, our sku, their sku) of what may be meant by it."""
    rows = [
        (o.sku, o.name, o.operator, o.kind, o.currency, o.min_minor, o.max_minor, o.cost_minor, o.cost_currency)
        for o in listed
    ]
    [(fresh, changed, gone)] = call(
        "opla_listed",
        Argument(at, "timestamptz"),
        Argument(supplier, "text"),
        Argument(country, "text"),
        *columns(rows, "text", "text", "text", "text", "text", "bigint", "bigint", "bigint", "text"),
        *columns(proposals, "uuid", "text", "text"),
    )
    return Synced(expect(fresh, int), expect(changed, int), expect(gone, int))


def unusable(supplier: str, word: str, currency: str, before: int, now: int, *, at: datetime) -> None:
    """`unreadable` or `too_short`: nothing of that list was kept."""
    call(
        "opla_list_unusable",
        Argument(at, "timestamptz"),
        Argument(supplier, "text"),
        Argument(word, "text"),
        Argument(currency, "text"),
        Argument(before, "int"),
        Argument(now, "int"),
    )


def decide(
    supplier: str, sku: str, their_sku: str, decision: supply.State, seen: str, new_id: UUID, *, actor: Actor,
    at: datetime,
) -> str:  # fmt: skip
    """`done`, `changed` (they list it otherwise than was seen) or `not_found`."""
    [(result,)] = call(
        "opla_decide_supply",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(new_id, "uuid"),
        Argument(supplier, "text"),
        Argument(sku, "text"),
        Argument(their_sku, "text"),
        Argument(str(decision), "text"),
        Argument(seen, "text"),
    )
    return expect(result, str)


def _terms(row: Sequence[object]) -> Terms:
    currency, low, high, cost, cost_currency = row
    return Terms(
        expect(currency, str),
        expect(low, int),
        expect(high, int),
        cost if isinstance(cost, int) else None,
        expect(cost_currency, str),
    )


def _moment(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None
