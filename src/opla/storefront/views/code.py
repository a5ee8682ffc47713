"""The code itself: by POST, never in an address, for the ordering device or after a proof of the order's e-mail."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from opla.accounts.device import customer, ensured, remember
from opla.core.catalog import Operator, group
from opla.core.ports import Kind
from opla.core.refusal import Code, Refusal
from opla.db.queries.codes import Revealed
from opla.operations import reveal_code
from opla.presenting import esims, redeeming
from opla.presenting.refusals import sentence
from opla.storefront import draft, keeping
from opla.storefront.views.order import draw, ticket
from opla.storefront.visit import visit


@dataclass(frozen=True)
class Shown:
    """A code on the screen, or an eSIM. Never printed by accident."""

    pin: str = field(repr=False)
    grouped: str = field(repr=False)
    serial: str
    valid_until: date | None
    ways: list[redeeming.Way] = field(repr=False)
    keep: str = field(repr=False, default="")  # the same, for the phone to keep
    esim: esims.Esim | None = None


@require_http_methods(["GET", "HEAD", "POST"])
def reveal(request: HttpRequest, link: str) -> HttpResponse:
    if request.method != "POST":  # reloaded, or opened from a list: looking is an act, so it is asked for again
        return redirect("order", link=link)
    here = visit(request)
    found = ticket(request, link, here)
    got = reveal_code.reveal(
        here.actor, found.page.id, device=here.device, shop=here.shop, at=here.at, customer=here.customer_id
    )
    if isinstance(got, Refusal):
        status = 403 if got.code is Code.PROOF_NEEDED else 409
        return draw(request, found, refused=sentence(got), status=status)
    made = shown(got, found.operator, found.page.kind)
    if made.esim is not None:
        return draw(request, found, code=made)  # installing it needs the network, so no phone keeps it for without
    kept = keeping.code(
        found, got.pin, made.grouped, got.serial, got.valid_until, made.ways, sandbox=here.shop.sandbox
    )  # fmt: skip
    return draw(request, found, code=replace(made, keep=kept))


def shown(got: Revealed, operator: Operator | None, kind: Kind) -> Shown:
    """A code that was just revealed, with every way to enter it; or an eSIM, which nobody dials or texts."""
    if kind is Kind.ESIM:
        return Shown(got.pin, got.pin, got.serial, got.valid_until, [], esim=esims.esim(got.pin))
    ways = redeeming.ways(operator, got.pin) if operator else []
    return Shown(got.pin, group(got.pin), got.serial, got.valid_until, ways)


@require_POST
def ask(request: HttpRequest, link: str) -> HttpResponse:
    """Send six digits to the order's e-mail, and ask for them here."""
    here = visit(request)
    found = ticket(request, link, here)
    refused = reveal_code.ask_proof(here.actor, found.page.id, shop=here.shop, at=here.at, address=here.address)
    if refused is not None:
        return draw(request, found, asked=True, refused=sentence(refused), status=429)
    return draw(request, found, asked=True)


@require_POST
def prove(request: HttpRequest, link: str) -> HttpResponse:
    """The six digits. Right ones make this device one that may look."""
    here = visit(request)
    found = ticket(request, link, here)
    device = ensured(request, here.shop.chance)
    typed = draft.typed(request, "proof")
    refused = reveal_code.prove(customer(device), found.page.id, typed, device=device, at=here.at)
    if refused is not None:
        return draw(request, found, asked=True, typed=typed, proof_error=sentence(refused), status=422)
    answer = redirect("order", link=link)
    remember(answer, device, secure=here.shop.base_url.startswith("https://"))
    return answer
