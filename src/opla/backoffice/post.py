"""Paper: letters to be printed and posted, what became of them, and the order slips that come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods

from opla.backoffice.items import age_of
from opla.backoffice.views import sees, somebody
from opla.core import address, letter
from opla.core.actor import Act, Actor
from opla.core.address import Address
from opla.core.letter import Event, State, Topic
from opla.core.ports import Kind
from opla.core.refusal import Refusal
from opla.core.slip import MOST_SLIPS, Reason
from opla.core.slip import State as SlipState
from opla.core.structured import belgian
from opla.db.queries import post as queries
from opla.db.queries.post import Letter, Slip
from opla.operations import catalogue, letters_out, shop, slips
from opla.operations.letters_out import Sheet
from opla.operations.shop import Shop
from opla.operations.slips import Entered
from opla.presenting import languages
from opla.presenting import post as words
from opla.presenting.refusals import sentence

#: Letters in the post are listed for so long: what comes back does so sooner.
_LISTED: Final = timedelta(days=60)
_MOST_LISTED: Final = 200
_FIELDS: Final = tuple(name for name in address.FIELDS if name != "country")
#: A button of a letter, and what it says happened.
_SAID: Final = {
    "posted": Event.POSTED,
    "returned": Event.RETURNED,
    "lost": Event.LOST,
    "posted_again": Event.POSTED_AGAIN,
    "ended": Event.ENDED,
}
_FAULTS: Final[dict[Reason, str]] = {
    Reason.UNREADABLE: gettext_noop("It cannot be read"),
    Reason.NUMBER_WRONG: gettext_noop("The mobile number is wrong"),
    Reason.NOTHING_TICKED: gettext_noop("No amount is ticked, or several are"),
    Reason.NOT_SIGNED: gettext_noop("It is not signed"),
    Reason.PRICE_CHANGED: gettext_noop("The price has changed"),
    Reason.NOT_SOLD: gettext_noop("It is not sold any more"),
}


@dataclass(frozen=True)
class Row:
    """One letter on a list."""

    letter: Letter
    topic: str
    state: str
    age: str


@require_http_methods(["GET", "HEAD", "POST"])
def listed(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    actor, here = somebody(request, Act.SEND_LETTERS, at), shop.current()
    refused: list[Refusal] = []
    if request.method == "POST":
        done = _done(request, actor, here, at)
        if isinstance(done, HttpResponse):
            return done
        refused = done

    def rows(*states: State, since: datetime | None = None) -> list[Row]:
        return [_row(one, at) for one in queries.letters(states, since=since, limit=_MOST_LISTED)]

    counts, (_version, catalog) = queries.counts(), catalogue.active()
    sees(actor, "letters", at=at)
    shown = {
        "printable": sum(n for (_topic, state), n in counts.items() if state is State.TO_PRINT),
        "most": letter.MOST,
        "printed": rows(State.PRINTED),
        "back": rows(State.RETURNED, State.LOST),
        "posted": rows(State.POSTED, since=at - _LISTED),
        "counts": _counted(counts),
        "out": queries.out(),
        "paid": queries.paid_without(),
        "operators": [one for one in catalog.operators if slips.offered(catalog, one.id, shop=here)],
        "spoken": languages.NAMES.items(),
        "most_slips": MOST_SLIPS,
        "missing": _missing(here),
        "values": _typed(request),
        "refused": [sentence(one) for one in refused],
    }
    return render(request, "backoffice/post.html", shown, status=422 if refused else 200)


def _counted(counts: Mapping[tuple[Topic, State], int]) -> list[tuple[str, list[tuple[int, str]]]]:
    """Of each kind of letter how many are where."""
    found = []
    for topic in Topic:
        where = [(n, words.state(state)) for state in State if (n := counts.get((topic, state), 0))]
        if where:
            found.append((words.topic(topic), where))
    return found


def _missing(here: Shop) -> list[str]:
    """What a slip cannot be printed without."""
    found = []
    if here.account is None:
        found.append(_("No bank account is set: OPLA_BANK_IBAN and OPLA_BANK_HOLDER."))
    if not settings.SHOP_ADDRESS:
        found.append(_("Nobody could send a slip back: set the shop's address, OPLA_SHOP_ADDRESS."))
    return found


def _done(request: HttpRequest, actor: Actor, here: Shop, at: datetime) -> HttpResponse | list[Refusal]:
    match request.POST.get("act"):
        case "print":
            return _sheets(letters_out.print_letters(actor, shop=here, at=at), here)
        case "posted":
            said = letters_out.say(actor, _ticked(request), Event.POSTED, at=at)
            return [said] if isinstance(said, Refusal) else redirect("owner-post")
        case "again":
            why = request.POST.get("why", "")[:200]
            return _sheets(letters_out.print_these_again(actor, _ticked(request), why=why, shop=here, at=at), here)
        case "scan":
            scanned = slips.find(actor, request.POST.get("slip", "")[:60], shop=here)
            return [scanned] if isinstance(scanned, Refusal) else redirect("owner-slip", scanned[0].number)
        case "slips" if not _missing(here):
            return _made(request, actor, here, at)
    raise Http404


def _ticked(request: HttpRequest) -> list[UUID]:
    return [found for text in request.POST.getlist("letter")[:_MOST_LISTED] if (found := _uuid(text))]


def _made(request: HttpRequest, actor: Actor, here: Shop, at: datetime) -> HttpResponse | list[Refusal]:
    """Blank slips, as a file; or one that a letter takes to the address that was typed."""
    to = _address(request)
    if isinstance(to, list):
        return to
    count, name = request.POST.get("count", ""), request.POST.get("operator", "")
    made = slips.make(
        actor, name, request.POST.get("language", ""), address=to, shop=here, at=at,
        count=int(count) if count.isascii() and count.isdigit() and len(count) < 4 else 1,
    )  # fmt: skip
    if isinstance(made, Refusal):
        return [made]
    operator = catalogue.active()[1].operator(name)
    if to is not None or operator is None:
        return redirect("owner-post")
    return _file(words.blank(queries.by_numbers(made), operator, house(here)), "slips")


@require_http_methods(["GET", "HEAD", "POST"])
def slip(request: HttpRequest, number: str) -> HttpResponse:
    """A slip that has come back, as a clerk types it."""
    at = timezone.now()
    actor, here = somebody(request, Act.SEND_LETTERS, at), shop.current()
    found = slips.find(actor, number, shop=here)
    if isinstance(found, Refusal):
        raise Http404
    one, known = found
    refused: Sequence[Refusal] = ()
    if request.method == "POST":
        entered = _entered(request, actor, one, here, at)
        if isinstance(entered, str):
            return redirect("owner-slip", one.number)
        refused = entered
    operator = catalogue.active()[1].operator(one.operator)
    sees(actor, "slip", one.number, at=at)
    shown = {
        "slip": one,
        "shown": belgian(one.number),
        "operator": operator.name if operator else one.operator,
        "known": known.lines if known else (),
        "out": one.state is SlipState.OUT,
        "sent_back": _(_FAULTS[Reason(one.why)]) if one.state is SlipState.SENT_BACK else "",
        "direct": any(offer.kind is Kind.DIRECT for offer in one.offers),
        "reasons": [(reason, _(text)) for reason, text in _FAULTS.items()],
        "spoken": languages.NAMES.get(one.language, one.language),
        "values": _typed(request),
        "refused": [sentence(no) for no in refused],
    }
    return render(request, "backoffice/slip.html", shown, status=422 if refused else 200)


def _entered(request: HttpRequest, actor: Actor, one: Slip, here: Shop, at: datetime) -> str | list[Refusal]:
    to = _address(request)
    if isinstance(to, list):
        return to
    if request.POST.get("act") == "send_back":
        why = request.POST.get("why", "")
        if why not in [str(reason) for reason in Reason]:
            raise Http404
        refused = slips.send_back(actor, one.number, Reason(why), to, shop=here, at=at)
        return [refused] if refused else one.number
    sku, _sep, minor = request.POST.get("offer", "").rpartition(" ")
    face_minor = int(minor) if minor.isascii() and minor.isdigit() and len(minor) < 8 else 0
    kind = next((offer.kind for offer in one.offers if offer.sku == sku), Kind.DIRECT)
    typed = Entered(
        sku, face_minor, request.POST.get("mobile", "")[:40], signed="signed" in request.POST,
        by_text=request.POST.get("answer") == "text", address=to,
    )  # fmt: skip
    with languages.speaking(one.language):
        said = words.agreed(kind)
    return slips.enter(actor, one.number, typed, said=said, shop=here, at=at)


@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, letter_id: UUID) -> HttpResponse:
    """One letter, and what may be said of it."""
    at = timezone.now()
    actor, here = somebody(request, Act.SEND_LETTERS, at), shop.current()
    refused: list[Refusal] = []
    if request.method == "POST":
        done = _said(request, actor, letter_id, here, at)
        if isinstance(done, HttpResponse):
            return done
        refused = done
    found = queries.letters_of([letter_id]).get(letter_id)
    if found is None:
        raise Http404
    known = slips.opened(found.slip, shop=here)
    sees(actor, "letter", letter_id, at=at)
    may = {name for name, event in _SAID.items() if found.state in letter.sources(event)}
    shown = {
        "row": _row(found, at),
        "where": known.lines if known else (),
        "may": may,
        "again": found.state in letter.sources(Event.REPRINTED),
        "gives_back": (found.topic, found.state) == (Topic.CODE, State.RETURNED),
        "values": _typed(request),
        "refused": [sentence(no) for no in refused],
    }
    return render(request, "backoffice/letter.html", shown, status=422 if refused else 200)


def _said(
    request: HttpRequest, actor: Actor, letter_id: UUID, here: Shop, at: datetime
) -> HttpResponse | list[Refusal]:
    act, why = request.POST.get("act", ""), request.POST.get("why", "")[:200]
    if act == "again":
        to = _address(request)
        if isinstance(to, list):
            return to
        return _sheets(letters_out.print_again(actor, letter_id, why=why, address=to, shop=here, at=at), here)
    if act == "give_back":
        no = letters_out.give_back(actor, letter_id, why=why, shop=here, at=at)
        return [no] if no else redirect("owner-letter", letter_id)
    if act not in _SAID:
        raise Http404
    said = letters_out.say(actor, [letter_id], _SAID[act], why=why, at=at)
    return [said] if isinstance(said, Refusal) else redirect("owner-letter", letter_id)


def house(here: Shop) -> words.House:
    return words.House(settings.SHOP_NAME, settings.SHOP_ADDRESS, settings.CONTACT, here.account, here.sandbox)


def _sheets(found: Sequence[Sheet] | Refusal, here: Shop) -> HttpResponse | list[Refusal]:
    if isinstance(found, Refusal):
        return [found]
    return _file(words.letters(found, house(here)), "letters") if found else redirect("owner-post")


def _file(pdf: bytes, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"', "Cache-Control": "no-store"}
    return HttpResponse(pdf, content_type="application/pdf", headers=headers)


def _row(found: Letter, at: datetime) -> Row:
    return Row(found, words.topic(found.topic), words.state(found.state), age_of(at - found.since))


def _typed(request: HttpRequest) -> Mapping[str, str]:
    return {name: request.POST.get(name, "")[:200] for name in (*_FIELDS, "mobile", "offer", "answer", "signed", "why")}


def _address(request: HttpRequest) -> Address | list[Refusal] | None:
    """What was typed of an address; None where nothing was."""
    values = {name: request.POST.get(name, "")[: 4 * address.MAX_LINE] for name in _FIELDS}
    return address.read(values) if any(value.strip() for value in values.values()) else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
