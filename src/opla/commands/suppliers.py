"""Suppliers: what lies there, what they list, and which of theirs is which of ours.

    ./opla suppliers                                        each with its float, its health and its news
    ./opla suppliers sync [NAME]                            read their lists now; nothing is sent otherwise by that
    ./opla suppliers news                                   what waits for a person
    ./opla suppliers list NAME                              what they list that is like nothing of ours
    ./opla suppliers approve NAME PRODUCT THEIRS            from now on it is sent there under that name
    ./opla suppliers refuse NAME PRODUCT THEIRS             a proposal, or what is new of one that is approved
    ./opla suppliers drop NAME PRODUCT THEIRS               it is sent there no more
    ./opla suppliers float NAME --below 100 [--currency USD]   an alarm below it; 0 ends it

A product that nobody has approved for a supplier is never sent there. No price changes by any of this.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from opla.commands import Stop
from opla.commands.runtime import running
from opla.core.actor import Actor, Role
from opla.core.money import MINOR_DIGITS, Money
from opla.core.refusal import Code, Refusal
from opla.core.supply import State

if TYPE_CHECKING:
    from opla.core.supply import Terms
    from opla.db.queries.suppliers import Overview, Supplied, Synced, Theirs

_OWNER: Final = Actor(Role.OWNER, "terminal")
_DECISIONS: Final = {"approve": State.APPROVED, "refuse": State.REFUSED, "drop": State.GONE}
_NEEDS: Final = {"list": 1, "float": 1, **dict.fromkeys(_DECISIONS, 3)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "act", nargs="?", choices=("show", "sync", "news", "list", "float", *_DECISIONS), default="show"
    )
    parser.add_argument("words", nargs="*", metavar="NAME PRODUCT THEIRS", default=[])
    parser.add_argument("--even-if-short", action="store_true", help="believe a list that has lost half (sync)")
    parser.add_argument("--below", default="", metavar="AMOUNT", help="tell me when less lies there (float)")
    parser.add_argument("--currency", default="EUR", help="the currency of --below, as they keep it")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    words: list[str] = arguments.words
    if len(words) < _NEEDS.get(arguments.act, 0):
        raise Stop("not_found", f"Which one? ./opla suppliers {arguments.act} NAME …")
    with running(counterparts=arguments.act == "sync"):
        match arguments.act:
            case "sync":
                answer, told = _sync(words, even_if_short=arguments.even_if_short)
            case "news":
                answer, told = _news()
            case "list":
                answer, told = _list(words[0])
            case "float":
                answer, told = _below(words[0], arguments.below, arguments.currency.upper())
            case "show":
                answer, told = _show()
            case _:
                answer, told = _decide(arguments.act, *words[:3])
    print(json.dumps(answer, ensure_ascii=False) if arguments.json else told)
    return 0


def _refuse(refusal: Refusal) -> Stop:
    from opla.presenting.refusals import sentence

    if refusal.code is Code.NOT_FOUND:
        return Stop(refusal.code, f"There is no such thing: {refusal.params.get('name', '')}")
    about = next((refusal.params[name] for name in ("supplier", "name") if name in refusal.params), "")
    return Stop(refusal.code, f"{about}: {sentence(refusal)}" if about else sentence(refusal))


def _show() -> tuple[dict[str, object], str]:
    from opla.operations.shop import current
    from opla.operations.suppliers import overview

    found = overview(_OWNER, shop=current())
    if isinstance(found, Refusal):
        raise _refuse(found)
    at = datetime.now(UTC)
    return {"suppliers": [_object(one) for one in found]}, "\n".join(_line(one, at) for one in found) or "None."


def _object(one: Overview) -> dict[str, object]:
    state = one.state
    return {
        "name": one.name,
        "float": _money(state.left),
        "float_at": state.left_at.isoformat() if state.left_at else None,
        "below": _money(one.below),
        "booked": [_money(money) for money in one.booked],
        "open_until": state.open_until.isoformat() if state.open_until else None,
        "listed": one.listed,
        "approved": one.approved,
        "synced_at": one.synced_at.isoformat() if one.synced_at else None,
        "synced": one.synced,
    }


def _money(money: Money | None) -> dict[str, object] | None:
    return {"amount_minor": money.amount_minor, "currency": money.currency} if money else None


def _line(one: Overview, at: datetime) -> str:
    from opla.presenting import suppliers as words

    parts = [words.health(one.state, at), words.float_left(one), *words.differences(one)]
    return f"{one.name:<12}" + " · ".join([*parts, f"{one.approved} approved of {one.listed} listed"])


def _sync(names: list[str], *, even_if_short: bool) -> tuple[dict[str, object], str]:
    from opla.db.queries.cards import Shelves
    from opla.operations.outside import Adapters
    from opla.operations.shop import current
    from opla.operations.suppliers import outsiders, sync

    shop = current()
    outside = Adapters(shop, Shelves(lambda: datetime.now(UTC)))
    done: dict[str, Synced | Refusal] = {
        name: sync(_OWNER, name, shop=shop, outside=outside, at=datetime.now(UTC), even_if_short=even_if_short)
        for name in names or outsiders(shop)
    }
    if len(done) == 1 and isinstance(only := next(iter(done.values())), Refusal):
        raise _refuse(only)
    answer = {n: vars(d) if not isinstance(d, Refusal) else {"refused": str(d.code)} for n, d in done.items()}
    return {"synced": answer}, "\n".join(f"{name}: {_synced(one)}" for name, one in done.items()) or "None."


def _synced(one: Synced | Refusal) -> str:
    from opla.presenting.refusals import sentence

    if isinstance(one, Refusal):
        return sentence(one)
    return f"{one.fresh} new, {one.changed} changed, {one.gone} gone. What waits for you: ./opla suppliers news"


def _news() -> tuple[dict[str, object], str]:
    from opla.operations.shop import current
    from opla.operations.suppliers import supplied

    found = supplied(_OWNER, shop=current())
    if isinstance(found, Refusal):
        raise _refuse(found)
    news = [one for one in found if one.news]
    return {"news": [_supply(one) for one in news]}, "\n".join(map(_news_line, news)) or "Nothing waits for a person."


def _supply(one: Supplied) -> dict[str, object]:
    told = _terms(one.told) if one.told else None
    return {
        "supplier": one.supplier, "sku": one.sku, "their_sku": one.their_sku, "name": one.name, "state": one.state,
        "news": [str(word) for word in one.news], "kept": _terms(one.kept), "told": told, "seen": one.seen,
    }  # fmt: skip


def _terms(terms: Terms) -> dict[str, object]:
    return dict(vars(terms))


def _news_line(one: Supplied) -> str:
    from opla.presenting import suppliers as words

    said = ", ".join(words.news(word) for word in one.news)
    return f"{one.supplier:<12}{one.sku:<12}{one.their_sku:<16}{said}: {words.change(one)}  ({one.name})"


def _list(name: str) -> tuple[dict[str, object], str]:
    from opla.operations.shop import current
    from opla.operations.suppliers import unmatched

    found = unmatched(_OWNER, name, shop=current())
    if isinstance(found, Refusal):
        raise _refuse(found)
    listed = [{"their_sku": one.their_sku, "name": one.name, "kind": one.kind, **_terms(one.terms)} for one in found]
    return {"listed": listed}, "\n".join(map(_theirs, found)) or "Nothing that is like nothing of ours."


def _theirs(one: Theirs) -> str:
    from opla.presenting import suppliers as words

    return f"{one.their_sku:<16}{one.kind:<8}{words.terms(one.terms)}  {one.operator}: {one.name}"


def _decide(act: str, name: str, sku: str, their_sku: str) -> tuple[dict[str, object], str]:
    from opla.operations.shop import current
    from opla.operations.suppliers import decide

    decision = _DECISIONS[act]
    if refused := decide(_OWNER, name, sku, their_sku, decision, shop=current(), at=datetime.now(UTC)):
        raise _refuse(refused)
    answer: dict[str, object] = {"supplier": name, "sku": sku, "their_sku": their_sku, "decided": str(decision)}
    return answer, f"{sku} at {name} as {their_sku}: {decision}."


def _below(name: str, typed: str, currency: str) -> tuple[dict[str, object], str]:
    from opla.operations.shop import current
    from opla.operations.suppliers import tell_below

    below = Money.parse(typed, currency) if currency in MINOR_DIGITS else None
    if below is None:
        raise _refuse(Refusal(Code.AMOUNT_UNREADABLE, "below", {"amount": typed}))
    wanted = below if below.amount_minor else None
    if refused := tell_below(_OWNER, name, wanted, shop=current(), at=datetime.now(UTC)):
        raise _refuse(refused)
    told = f"An alarm when less than {below.decimal} {currency} lies at {name}." if wanted else f"No alarm for {name}."
    return {"supplier": name, "below": _money(wanted)}, told
