"""The counter: what a code stands for, taking its money, selling a voucher, paying refunds out, undoing a mistake; each
till's lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from opla.backoffice.views import somebody
from opla.core.actor import Act, Actor
from opla.core.cash import Kind, change, grouped
from opla.core.money import Money
from opla.core.refusal import Code, Refusal
from opla.core.voucher import grouped as grouped_serial
from opla.core.voucher import read_serial
from opla.db.queries import cash as queries
from opla.db.queries.cash import Kept
from opla.operations import cash, drawers, shop, vouchers
from opla.operations.cash import CURRENCY, VOID_WITHIN, Counter, Due, Taken, ToPay
from opla.operations.vouchers import ToSell
from opla.presenting import cash as words
from opla.presenting import items, orders
from opla.presenting.refusals import sentence

_NEWEST: Final = 30
_MAX_TYPED: Final = 200


@dataclass(frozen=True)
class Till:
    """A drawer with what it holds by the books."""

    name: str
    place: str
    holds: Money


@dataclass(frozen=True)
class Row:
    """A line of a drawer. `undo`: it was a taking, a moment ago."""

    line: Kept
    kind: str
    who: str
    undo: bool


@dataclass(frozen=True)
class Panel:
    """What a code stands for. `change` once somebody said what was given; `refused` why nothing may be done."""

    found: Due | ToPay
    code: str
    sold: tuple[tuple[str, str, str], ...]  # the order's number, what it is, how it stands
    refused: str
    given: str = ""
    change: Money | None = None
    wrong: str = ""

    @property
    def pays_out(self) -> bool:
        return isinstance(self.found, ToPay)


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    actor, here = somebody(request, Act.READ_DRAWERS, at), shop.current()
    open_tills = cash.counters(here)
    till = _till(request, open_tills)
    typed = _typed(request, "code")
    if request.method != "POST":
        return _drawn(request, actor, till, open_tills, at)
    somebody(request, Act.TAKE_CASH, at)
    act = request.POST.get("act", "look")
    if act in ("look", "change"):
        if read_serial(typed):
            paper = vouchers.look_up(actor, typed, at=at)
            no = paper if isinstance(paper, Refusal) else paper.refused
            sells = None if no or isinstance(paper, Refusal) else paper
            return _drawn(request, actor, till, open_tills, at, typed=typed, sells=sells, no=no)
        found = cash.look_up(actor, typed, at=at)
        if isinstance(found, Refusal):
            return _drawn(request, actor, till, open_tills, at, typed=typed, no=found)
        panel = _panel(found)
        if act == "change" and isinstance(found, Due):
            panel = _with_change(panel, found, _typed(request, "given"))
        return _drawn(request, actor, till, open_tills, at, typed=typed, panel=panel)
    done = _done(request, actor, _typed(request, "till"), at)
    if isinstance(done, Refusal) and act == "sell":
        paper = vouchers.look_up(actor, typed, at=at)
        sells = None if isinstance(paper, Refusal) or paper.refused else paper
        return _drawn(request, actor, till, open_tills, at, typed=typed, sells=sells, no=done)
    if isinstance(done, Refusal):
        again = cash.look_up(actor, typed, at=at) if typed else done
        known = None if isinstance(again, Refusal) else _panel(again)
        return _drawn(request, actor, till, open_tills, at, typed=typed, panel=known, no=done)
    return redirect(f"{reverse('owner-cash')}?{urlencode({'till': till, 'line': str(done)})}")


def _done(request: HttpRequest, actor: Actor, till: str, at: datetime) -> UUID | Refusal:
    """The button that was pressed; the line it made, or why not. `till` is the one its form showed, offered or not."""
    key, code, why, amount = key_of(request), _typed(request, "code"), _typed(request, "why"), _typed(request, "amount")
    here = shop.current()

    def void() -> object:
        return cash.void(actor, key, why=why, shop=here, at=at)

    acts: dict[str, Callable[[], object]] = {
        "take": lambda: cash.take(actor, key, drawer=till, code=code, given=_typed(request, "given"), at=at),
        "sell": lambda: vouchers.activate(actor, code, drawer=till, line_id=key, given=_typed(request, "given"), at=at),
        "pay_out": lambda: cash.pay_out(actor, key, drawer=till, code=code, why=why, at=at),
        "by_bank": lambda: cash.by_bank(actor, code, why=why, at=at),
        "void": void,
        "put_in": lambda: drawers.put_in(actor, key, till, amount, why=why, at=at),
        "drop": lambda: drawers.drop(actor, key, till, amount, why=why, at=at),
        "count": lambda: drawers.count(actor, key, till, amount, why=why, at=at),
    }
    act = acts.get(request.POST.get("act", ""))
    result = act() if act is not None else Refusal(Code.NOT_FOUND, "act")
    return result if isinstance(result, Refusal) else key


def _typed(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "")[:_MAX_TYPED].replace("\0", "").strip()  # no column holds that sign


def key_of(request: HttpRequest) -> UUID:
    """Of the form, made when it was drawn: pressed twice it is one. Whoever sends none gets one that was never used."""
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError:
        return uuid4()


def _till(request: HttpRequest, open_tills: list[Counter]) -> str:
    """The one that was chosen, remembered from page to page; the first where none was, or it is closed."""
    names = [one.drawer for one in open_tills]
    asked = request.POST.get("till") or request.GET.get("till") or ""
    if asked not in names:
        asked = str(request.session.get("till", ""))
    chosen = asked if asked in names else next(iter(names), "")
    if chosen and request.session.get("till") != chosen:
        request.session["till"] = chosen
    return chosen


def _panel(found: Due | ToPay) -> Panel:
    refused = sentence(found.refused) if found.refused else ""
    if isinstance(found, ToPay):
        return Panel(found, found.owed.code, tuple((ticket, "", "") for ticket in found.owed.tickets), refused)
    sold = tuple((one.ticket, one.product_name, orders.state(one.state)) for one in found.charge.orders)
    return Panel(found, found.charge.code, sold, refused)


def _with_change(panel: Panel, found: Due, typed: str) -> Panel:
    given = cash.read_given(typed, found.coins)
    back = given if isinstance(given, Refusal) else change(found.coins, given, cash.step_minor())
    wrong = sentence(back) if isinstance(back, Refusal) else ""
    money = None if isinstance(back, Refusal) else back
    return Panel(found, panel.code, panel.sold, panel.refused, typed, money, wrong)


def _drawn(
    request: HttpRequest,
    actor: Actor,
    till: str,
    open_tills: list[Counter],
    at: datetime,
    *,
    typed: str = "",
    panel: Panel | None = None,
    sells: ToSell | None = None,
    no: Refusal | None = None,
) -> HttpResponse:
    lines = queries.lines(till, limit=_NEWEST) if till else []
    told = _told(request) if request.method != "POST" else None
    shown = {
        "tills": [
            Till(c.drawer, c.place.name or c.place.street, queries.holds(c.drawer, CURRENCY)) for c in open_tills
        ],
        "till": till,
        "typed": typed,
        "panel": panel,
        "sells": sells,
        "serial": grouped_serial(sells.found.serial) if sells else "",
        "code": grouped(panel.code) if panel else "",
        "told": told,
        "refused": sentence(no) if no else "",
        "key": uuid4(),
        "rows": [_row(line, at) for line in lines],
        "takes": actor.refused(Act.TAKE_CASH) is None,
        "manages": actor.refused(Act.MANAGE_DRAWERS) is None,
    }
    status = 422 if no or (panel and panel.wrong) else 200
    return render(request, "backoffice/cash.html", shown, status=status)


def _told(request: HttpRequest) -> Taken | None:
    """What was just taken, and what goes back: after the button, and on every reload until its money has left again."""
    try:
        line = queries.line(UUID(request.GET.get("line", "")))
    except ValueError:
        return None
    if line is None or line.kind not in (Kind.TAKEN, Kind.VOUCHER_SOLD) or line.given_minor is None or line.left:
        return None
    given = Money(line.given_minor, line.amount.currency)
    return Taken(line.amount, given - line.amount, again=False)


def _row(line: Kept, at: datetime) -> Row:
    undo = line.kind is Kind.TAKEN and not line.undone and at - line.at <= VOID_WITHIN
    return Row(line, words.kind(line.kind), items.actor(line.actor), undo)
