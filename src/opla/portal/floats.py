"""The float: what is free, how to pay in, and when to be told that little is left."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from opla.core.api_access import Scope
from opla.core.calendar import add_months
from opla.core.day import ZONE, day_of
from opla.core.money import Money
from opla.core.refusal import Refusal
from opla.db.queries import deposits, floats
from opla.db.queries.deposits import Deposit
from opla.operations import float_deposits, float_statement, pay_into_float
from opla.operations.float_deposits import CURRENCY
from opla.operations.reselling import Selling
from opla.portal.guard import Seller, may
from opla.presenting import figures, languages, payment_methods, receipts, transfers
from opla.presenting import float_statement as words
from opla.presenting.refusals import sentence
from opla.storefront import draft
from opla.storefront.context import browser_of

#: What the picture for a bank's app says where nobody typed an amount: it has to say one.
_USUAL_MINOR: Final = 50_000
#: Of a month so many movements are on the page, and so many at most on paper.
_SHOWN: Final = 100
_ON_PAPER: Final = 5_000
#: So many of the newest payments at a provider are on the page.
_DEPOSITS: Final = 3
_REFRESH_S: Final = 2
#: Before there was any shop.
_FIRST: Final = date(2000, 1, 1)


@require_http_methods(["GET", "HEAD", "POST"])
@may(Scope.FLOAT_READ)
def page(request: HttpRequest, seller: Seller) -> HttpResponse:
    person, here = seller.person, seller.here
    wrong: dict[str, str] = {}
    if request.method == "POST":
        if not seller.may(Scope.FLOAT_WRITE):
            raise Http404
        below = request.POST.get("below", "")[:20]
        found = float_deposits.warn_below(person.reseller, below, languages.current(), at=here.at)
        if found is None:
            return redirect("reseller-float", person.reseller)
        wrong = {"below": sentence(found), "typed_below": below}
    return _page(request, seller, wrong)


@require_POST
@may(Scope.FLOAT_WRITE)
def pay_in(request: HttpRequest, seller: Seller) -> HttpResponse:
    """At a payment provider: to the page of the payment, which leads to theirs."""
    typed, here = {name: request.POST.get(name, "")[:64] for name in ("paid", "method", "key")}, seller.here
    found = pay_into_float.pay_into_float(
        seller.actor,
        seller.person.reseller,
        Money.parse(typed["paid"][:20], CURRENCY),
        typed["method"],
        typed["key"],
        language=languages.current(),
        shop=here.shop,
        at=here.at,
    )
    if isinstance(found, Refusal):
        return _page(request, seller, {"refused": sentence(found), "paid": typed["paid"], "method": typed["method"]})
    return redirect("reseller-deposit", found.reseller, found.id)


@require_safe
@may(Scope.FLOAT_READ)
def deposit(request: HttpRequest, seller: Seller, deposit_id: UUID) -> HttpResponse:
    """How it stands. Whoever may pay is taken to the payment page once it is there, and never a second time."""
    found = _deposit(seller, deposit_id)
    goes = bool(found.page) and seller.may(Scope.FLOAT_WRITE) and not browser_of(request).app
    if goes and draft.send_once(request, found.id):
        return HttpResponseRedirect(found.page)
    return render(request, "portal/deposit.html", _of(seller, found))


@require_safe
@may(Scope.FLOAT_READ)
def deposit_state(request: HttpRequest, seller: Seller, deposit_id: UUID) -> HttpResponse:
    """The same while it waits, looked at again and again; where something has changed, the whole page anew."""
    found = _deposit(seller, deposit_id)
    if found.status == request.GET.get("seen", ""):
        return render(request, "portal/deposit_state.html", _of(seller, found))
    return HttpResponse(headers={"HX-Refresh": "true"})


def _deposit(seller: Seller, deposit_id: UUID) -> Deposit:
    found = deposits.one(seller.person.reseller, deposit_id)
    if found is None:
        raise Http404
    return found


def _of(seller: Seller, found: Deposit) -> dict[str, object]:
    return {
        "person": seller.person,
        "deposit": found,
        "method": payment_methods.method(found.method),
        "writes": seller.may(Scope.FLOAT_WRITE),
        "refresh_s": _REFRESH_S,
    }


def _page(request: HttpRequest, seller: Seller, wrong: dict[str, str]) -> HttpResponse:
    person, here = seller.person, seller.here
    account, asked = here.shop.account, _amount(request.GET.get("amount", ""))
    transfer = None
    if account is not None and seller.may(Scope.FLOAT_WRITE):
        number = float_deposits.reference(person.reseller, shop=here.shop, at=here.at)
        transfer = transfers.transfer(account, asked or Money(_USUAL_MINOR, CURRENCY), number)
    balance, below_minor = floats.balance(person.reseller, CURRENCY), floats.alarm(person.reseller)
    shown = {
        "person": person,
        "free": Money(balance.free_minor, CURRENCY),
        "held": Money(balance.held_minor, CURRENCY),
        "transfer": transfer,
        "asked": asked,
        "writes": seller.may(Scope.FLOAT_WRITE),
        "ways": [payment_methods.method(name) for name in pay_into_float.ways(here.shop)],
        "key": here.shop.chance.reference(),
        "deposits": deposits.newest(person.reseller, limit=_DEPOSITS),
        "owes": Money(deposits.owes_minor(person.reseller, CURRENCY), CURRENCY),
        "below": Money(below_minor, CURRENCY).decimal if below_minor else "",
        **_statement(seller, request.GET.get("month", "")),
        **wrong,
    }
    return render(request, "portal/float.html", shown, status=400 if wrong else 200)


@require_safe
@may(Scope.FLOAT_READ)
def statement(_request: HttpRequest, seller: Seller, month: str, kind: str) -> HttpResponse:
    """One month as a file: `csv` for a spreadsheet, `pdf` for paper."""
    first = _month(month)
    if first is None or first > day_of(seller.here.at):
        raise Http404
    found = float_statement.month(_selling(seller), first, most=_ON_PAPER if kind == "pdf" else float_statement.MOST)
    if kind == "pdf" and not found.whole:
        raise Http404  # the page offers none then
    named = {"Content-Disposition": f'attachment; filename="float-{seller.person.reseller}-{month}.{kind}"'}
    if kind == "csv":
        return HttpResponse(words.as_csv(found), content_type="text/csv; charset=utf-8", headers=named)
    house = receipts.house()
    paper = words.as_pdf(found, title=seller.person.title, seller=house, sandbox=seller.here.shop.sandbox)
    return HttpResponse(paper, content_type="application/pdf", headers=named)


def _statement(seller: Seller, text: str) -> dict[str, object]:
    """The newest movements of a month, and where the others are."""
    today = day_of(seller.here.at).replace(day=1)
    first = min(_month(text) or today, today)
    found = float_statement.month(_selling(seller), first, most=_ON_PAPER)
    return {
        "month_name": figures.month(found.first),
        "month_word": f"{first:%Y-%m}",
        "before": f"{add_months(first, -1):%Y-%m}",
        "after": f"{add_months(first, 1):%Y-%m}" if first < today else "",
        "opening": found.opening,
        "closing": found.closing,
        "rows": list(reversed(words.rows(found.lines)))[:_SHOWN],
        "more": len(found.lines) > _SHOWN,
        "whole": found.whole,
    }


def _selling(seller: Seller) -> Selling:
    return Selling(seller.person.access, seller.here.shop, seller.here.at)


def _month(text: str) -> date | None:
    """`2026-11`: its first day."""
    try:
        found = datetime.strptime(text, "%Y-%m").replace(tzinfo=ZONE).date() if len(text) == 7 else None
    except ValueError:
        return None
    return found if found and found >= _FIRST else None


def _amount(text: str) -> Money | None:
    found = Money.parse(text[:20], CURRENCY) if text else None
    return found if found is not None and 0 < found.amount_minor < 100_000_000 else None
