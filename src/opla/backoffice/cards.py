"""SIM cards: what is to be packed and handed over, what became of those that were, and how many are left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from opla.backoffice.items import age_of
from opla.backoffice.views import sees, somebody
from opla.core.actor import Act, Actor
from opla.core.card import FEW, GIVEN, WAITING, Event, State
from opla.core.refusal import Code, Refusal
from opla.db.queries import cards as queries
from opla.db.queries.cards import Level, Line
from opla.operations import card_to, cards, shop
from opla.operations.card_files import MAX_MEGABYTES, import_cards
from opla.operations.shop import Shop
from opla.presenting import cards as words
from opla.presenting import languages
from opla.presenting.refusals import sentence

#: Cards that were handed over are listed for so long: later nobody asks for them one by one.
_LISTED: Final = timedelta(days=60)


@dataclass(frozen=True)
class Row:
    """One card of an order on the list. `refused`: why what was just tried was not done."""

    line: Line
    where: tuple[str, ...]
    place: str
    state: str
    age: str
    spoken: str
    refused: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
def listed(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    actor = somebody(request, Act.HAND_OVER, at)
    here, told, no = shop.current(), "", list[Refusal]()
    if request.method == "POST" and request.POST.get("act") == "came_back":
        refused = cards.came_back(actor, request.POST.get("iccid", "")[:80], shop=here, at=at)
        if refused is None:
            return redirect("owner-cards")
        no = [refused]
    elif request.method == "POST":
        upload = request.FILES.get("file")
        # One byte more than may be kept is enough to be refused by.
        data = upload.read(MAX_MEGABYTES * 1024 * 1024 + 1) if upload is not None else b""
        found = import_cards(actor, data, shop=here, at=at)
        no = found if isinstance(found, list) else []
        if not isinstance(found, list):
            known = len(found.known_lines)
            told = _("%(new)s new cards, %(known)s known before.") % {"new": found.stored, "known": known}
    return _page(request, actor, at, told=told, refused=[sentence(one) for one in no], status=422 if no else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """What a clerk has done with the card of an order."""
    at = timezone.now()
    actor = somebody(request, Act.HAND_OVER, at)
    if request.method != "POST":
        return redirect("owner-cards")
    do = _acts(request, actor, order_id, shop.current(), at).get(request.POST.get("act", ""))
    refused = Refusal(Code.CARD_NOT_NOW, "order") if do is None else do()
    if refused is None:
        return redirect("owner-cards")
    return _page(request, actor, at, about=order_id, no=refused, status=422)


def _acts(
    request: HttpRequest, actor: Actor, order_id: UUID, here: Shop, at: datetime
) -> dict[str, Callable[[], Refusal | None]]:
    """The buttons of the page, by their names."""

    def typed(name: str) -> str:
        return request.POST.get(name, "")[:200]

    def card_id() -> UUID:
        found = [kept.card.id for kept in queries.of_order(order_id) if str(kept.card.id) == typed("card")]
        return found[0] if found else UUID(int=0)

    why = typed("why") or typed("act")
    return {
        "pack": lambda: cards.pack(actor, order_id, typed("iccid"), shop=here, at=at),
        "ready": lambda: cards.make_ready(actor, order_id, shop=here, at=at),
        "sent": lambda: cards.hand_over(actor, order_id, tracking=typed("tracking"), shop=here, at=at),
        "collected": lambda: cards.hand_over(actor, order_id, code=typed("code"), shop=here, at=at),
        "not_wanted": lambda: cards.not_wanted(actor, order_id, shop=here, at=at),
        "mislaid": lambda: cards.write_off(actor, card_id(), Event.LOST, shop=here, at=at),
        "damaged": lambda: cards.write_off(actor, card_id(), Event.DAMAGED, shop=here, at=at),
        "lost_again": lambda: cards.replace_card(actor, order_id, Event.LOST, shop=here, at=at),
        "wrong_size": lambda: cards.replace_card(actor, order_id, Event.WRONG_SIZE, shop=here, at=at),
        "lost_refund": lambda: cards.refund_card(actor, order_id, Event.LOST, why=why, shop=here, at=at),
        "returned": lambda: cards.refund_card(actor, order_id, Event.RETURNED, why=why, shop=here, at=at),
        "opened": lambda: cards.opened(actor, card_id(), shop=here, at=at),
    }


def _page(
    request: HttpRequest,
    actor: Actor,
    at: datetime,
    *,
    told: str = "",
    refused: Sequence[str] = (),
    about: UUID | None = None,
    no: Refusal | None = None,
    status: int = 200,
) -> HttpResponse:
    def rows(states: Sequence[State], since: datetime | None = None) -> list[Row]:
        found = [_row(line, shop.current(), at) for line in queries.lines(states, since=since)]
        if no is None:
            return found
        said = sentence(no)
        return [replace(row, refused=said) if row.line.kept.card.order_id == about else row for row in found]

    sees(actor, "cards", at=at)
    waiting, gone = rows(sorted(WAITING)), rows([*sorted(GIVEN), State.EXCHANGED], at - _LISTED)
    here = {row.line.kept.card.order_id for row in (*waiting, *gone)}
    shown = {
        "waiting": waiting,
        "gone": gone,
        "levels": [(level, _few(level)) for level in queries.levels()],
        "few": FEW,
        "told": told,
        "refused": [*refused, *([sentence(no)] if no and about not in here else [])],
        "stocks": actor.refused(Act.STOCK_CODES) is None,
    }
    return render(request, "backoffice/cards.html", shown, status=status)


def _row(line: Line, here: Shop, at: datetime) -> Row:
    card = line.kept.card
    going = card_to.opened(line.to, card.order_id, shop=here) if card.order_id else card_to.Going()
    lines = going.address.lines if going.address else ()
    spoken = languages.NAMES.get(line.language, line.language)
    return Row(line, lines, going.place, words.state(card.state), age_of(at - line.kept.since), spoken)


def _few(level: Level) -> bool:
    return level.free < FEW
