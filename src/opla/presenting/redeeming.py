"""How to turn a code into credit, as steps a person follows with a phone in the hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _

from opla.core.catalog import Cell, Method, MethodKind, Operator, RedeemBy, Redemption, Shown, redeem, tel_uri
from opla.presenting import facts
from opla.presenting.pictures import qr

#: Ways whose address holds the code itself.
_HOLD_THE_CODE = frozenset({RedeemBy.USSD, RedeemBy.SMS})


@dataclass(frozen=True)
class Way:
    """One way to enter a code. What holds the code stays out of `repr`: codes are money."""

    kind: RedeemBy
    title: str
    button: str
    href: str = field(repr=False)
    shown_text: str = field(repr=False)  # what to dial or write, readable
    steps: tuple[str, ...] = field(repr=False)
    mark: str  # how sure this way is; empty when plainly known
    picture: str = field(default="", repr=False)  # QR for another phone, as SVG: it dials, or writes the SMS


@dataclass(frozen=True)
class Contact:
    """A way to ask the operator: for a balance or for help."""

    label: str
    text: str
    href: str
    mark: str = ""  # how sure it is; empty when plainly known


def ways(operator: Operator, code: str) -> list[Way]:
    """Every known way, best first; where none is known, one that says so."""
    return [_way(way, operator) for way in redeem(operator, code)]


def how(operator: Operator) -> list[Way]:
    """The same for somebody who has the code from elsewhere: to read, with nothing to tap or scan."""
    return [
        replace(way, href="" if way.kind in _HOLD_THE_CODE else way.href, picture="")
        for way in ways(operator, "[" + _("code") + "]")
    ]


def on_paper(operator: Operator, code: str) -> list[Way]:
    """The same for somebody who reads it on a sheet: nothing to tap, and what needs no internet first."""
    by_phone = _("Dial the line above, with the sign # at its end.")
    found = [
        replace(way, href="", picture="", steps=(way.steps[0], by_phone, *way.steps[2:]))
        if way.kind is RedeemBy.USSD
        else replace(way, href="", picture="")
        for way in ways(operator, code)
    ]
    return sorted(found, key=lambda way: way.kind in (RedeemBy.WEB, RedeemBy.APP))


def balance(operator: Operator) -> list[Contact]:
    """How to see what is on the SIM."""
    return [replace(_balance(cell.value), mark=mark(cell)) for cell in operator.balance if cell.value is not None]


def care(operator: Operator) -> list[Contact]:
    """The operator's customer care; empty when nothing is known."""
    ways: tuple[tuple[str, Cell[str], Callable[[str], str]], ...] = (
        (_("From its own SIM"), operator.care_dial, tel_uri),
        (_("From any phone"), operator.care_abroad, tel_uri),
        (_("By SMS"), operator.care_text, "sms:{}".format),
        (_("Chat"), operator.care_chat, site),
        (_("E-mail"), operator.care_email, "mailto:{}".format),
        (_("Website"), operator.website, site),
    )
    return [Contact(label, cell.value, href(cell.value), mark(cell)) for label, cell, href in ways if cell.value]


def mark(cell: Cell[object]) -> str:
    """How sure it is; empty when plainly known."""
    return "" if cell.shown_as is Shown.FACT else facts.mark(cell.shown_as)


def site(url: str) -> str:
    """An address of the catalogue, which has none of `https://`, as a link."""
    return url if url.startswith(("http://", "https://")) else f"https://{url}"


def _way(way: Redemption, operator: Operator) -> Way:
    shown = way.evidence.shown_as
    mark = "" if shown is Shown.FACT else facts.mark(shown)
    on_sim = _("Use the phone that holds the SIM to top up.")
    answer = _("Wait for the operator's answer, on the screen or by SMS.")
    steps: tuple[str, ...]
    match way.kind:
        case RedeemBy.USSD:
            dial = _("Tap the button, or dial the line above with the sign # at its end.")
            steps = (on_sim, dial, _("Press call."), answer)
            return Way(way.kind, _("Dial it"), _("Dial to top up"), way.tel_uri, way.dial, steps, mark, qr(way.tel_uri))
        case RedeemBy.SMS:
            text = _("Send an SMS to %(number)s with exactly the text above.") % {"number": way.sms_to}
            return Way(
                way.kind, _("Send an SMS"), _("Write the SMS"), way.sms_uri, f"{way.sms_body} → {way.sms_to}",
                (on_sim, text, answer), mark, qr(way.sms_uri),
            )  # fmt: skip
        case RedeemBy.CALL:
            call = _("Call %(number)s and follow the voice.") % {"number": way.dial}
            steps = (on_sim, call, _("Enter the code when it asks for it."))
            return Way(way.kind, _("Call"), _("Call the operator"), way.tel_uri, way.dial, steps, mark, qr(way.tel_uri))
        case RedeemBy.WEB:
            steps = (_("Sign in at %(site)s.") % {"site": way.url}, _("Choose to top up with a code, and enter it."))
            return Way(way.kind, _("On the website"), _("Open the website"), site(way.url), way.url, steps, mark)
        case RedeemBy.APP:
            steps = (
                _("Open the app of %(operator)s.") % {"operator": operator.name},
                _("Choose to top up with a code, and enter it."),
            )
            return Way(way.kind, _("In the app"), "", "", "", steps, mark)
        case RedeemBy.CARE:
            return _ask(way, operator)


def _ask(way: Redemption, operator: Operator) -> Way:
    steps = (
        _("We do not know for certain how a code of %(operator)s is entered.") % {"operator": operator.name},
        _("Follow what the operator says, or ask its customer care."),
    )
    href, shown = (way.tel_uri, way.dial) if way.dial else (site(way.url) if way.url else "", way.url)
    return Way(way.kind, _("Ask the operator"), _("Ask the operator") if href else "", href, shown, steps, "")


def _balance(method: Method) -> Contact:
    match method.kind:
        case MethodKind.USSD | MethodKind.CALL:
            return Contact(_("Dial"), method.dial, tel_uri(method.dial))
        case MethodKind.SMS:
            return Contact(_("By SMS"), f"{method.body} → {method.to}", f"sms:{method.to}")
        case MethodKind.WEB:
            return Contact(_("Website"), method.url, site(method.url))
        case MethodKind.APP:
            return Contact(_("In the app"), _("the operator's app"), "")
