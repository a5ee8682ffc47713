"""Sellers' passports in words: states, verdicts, where to check a seller, letters to one; the QR and the badge."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Final

import segno
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.passport import Event, NumberKind, PlaceKind, Seller, State, Verdict
from opla.presenting import figures

_STATES: Final[dict[State, str]] = {
    State.APPLIED: gettext_noop("waits for the shop"),
    State.REFUSED: gettext_noop("refused"),
    State.APPROVED: gettext_noop("approved"),
    State.DUE_REVIEW: gettext_noop("approved, to be looked at again before its end"),
    State.SUSPENDED: gettext_noop("suspended"),
    State.WITHDRAWN: gettext_noop("withdrawn"),
    State.EXPIRED: gettext_noop("its end has come"),
}

_REGISTRATIONS: Final[dict[NumberKind, str]] = {
    NumberKind.BE: gettext_noop("Belgian enterprise number"),
    NumberKind.CN: gettext_noop("Unified social credit code (China)"),
    NumberKind.OTHER: gettext_noop("Registration number of another country"),
}

_PLACES: Final[dict[PlaceKind, str]] = {
    PlaceKind.SHOP: gettext_noop("A shop page on a marketplace"),
    PlaceKind.SITE: gettext_noop("A website of their own"),
    PlaceKind.STREET: gettext_noop("A shop with a counter"),
}

#: Where a person looks a seller up. Public registers, free of charge.
_REGISTERS: Final[dict[NumberKind, tuple[str, str]]] = {
    NumberKind.BE: (
        "KBO/BCE Public Search",
        "https://kbopub.economie.fgov.be/kbopub/zoeknummerform.html?nummer=%(digits)s&actionLu=Zoek",
    ),
    NumberKind.CN: ("国家企业信用信息公示系统", "https://www.gsxt.gov.cn/"),
}


@dataclass(frozen=True)
class Said:
    """A verdict: its headline, what it means, and what to do."""

    title: str
    means: str
    todo: tuple[str, ...]


@dataclass(frozen=True)
class Check:
    """What a person looks at before approving. `link`: where; `done`: a machine has done it."""

    text: str
    link: str = ""
    name: str = ""
    done: bool = False


#: What a person may decide, in the order it is offered.
CHOICES: Final[dict[Event, str]] = {
    Event.APPROVED: gettext_noop("Approve: all of it was checked"),
    Event.REVIEWED: gettext_noop("Reviewed: all of it is still so"),
    Event.RESUMED: gettext_noop("Good again"),
    Event.SUSPENDED: gettext_noop("Suspend"),
    Event.REFUSED: gettext_noop("Refuse"),
    Event.WITHDRAWN: gettext_noop("Withdraw for good"),
}


def choice(of: Event) -> str:
    return _(CHOICES[of])


def state(of: State) -> str:
    return _(_STATES[of])


def registration(kind: NumberKind) -> str:
    return _(_REGISTRATIONS[kind])


def place(kind: PlaceKind) -> str:
    return _(_PLACES[kind])


def registrations() -> list[tuple[str, str]]:
    return [(str(kind), registration(kind)) for kind in NumberKind]


def places() -> list[tuple[str, str]]:
    return [(str(kind), place(kind)) for kind in PlaceKind]


def register_of(seller: Seller) -> tuple[str, str] | None:
    """Name and address of the public register; None where we know of none."""
    if seller.number_kind not in _REGISTERS:
        return None
    name, link = _REGISTERS[seller.number_kind]
    return name, link % {"digits": seller.number.replace(".", "")}


def last_day(until: datetime) -> str:
    """Of a proof: the end itself is the first moment at which it is over."""
    return figures.day(figures.local_day(until - timedelta(seconds=1)))


def question(kind: PlaceKind) -> str:
    """How whoever looks finds out where they are."""
    match kind:
        case PlaceKind.STREET:
            return _("Look at the sign and the house number: is this the shop you are in?")
        case PlaceKind.SITE:
            return _("Look at your browser's address bar: are you on this website?")
        case PlaceKind.SHOP:
            return _("Look at the address of the shop page: is this the page you buy on?")


def said(verdict: Verdict, of: State | None, until: datetime | None, at: datetime) -> Said:
    """What a verdict says. `of` is None where nothing of ours was found."""
    match verdict:
        case Verdict.GREEN:
            return Said(
                _("This seller is ours"),
                _("We have checked who they are, and that they sell at this place. Looked up just now."),
                (
                    _("Buy only at this place: the same QR anywhere else is a copy."),
                    _("Believe this on your own phone only: a picture of this page proves nothing."),
                    _("A code is good when your operator takes it. If it does not, keep the receipt and write to us."),
                ),
            )
        case Verdict.OTHER_SHOP:
            return Said(
                _("Genuine, but another shop"),
                _("This passport was given to somebody who sells elsewhere. Where you are, it proves nothing."),
                (
                    _("Do not buy here because of it: anybody can copy a QR."),
                    _("If this shop shows it as its own, report it."),
                ),
            )
        case Verdict.AMBER:
            return Said(_("Is this where you are?"), _("Nothing is decided before you say so."), ())
        case Verdict.RED:
            return _red(of, until, at)


def _red(of: State | None, until: datetime | None, at: datetime) -> Said:
    todo = (
        _("Do not buy top-ups or codes there because of it."),
        _("If you have paid already, keep the receipt and what was written to you."),
        _("Buy here, at your operator, or at a seller whose passport is green."),
    )
    if of is None or of in (State.APPLIED, State.REFUSED):
        return Said(_("Not one of our sellers"), _("We have given no passport with this number, or this QR."), todo)
    if of is State.SUSPENDED:
        return Said(_("This passport is suspended"), _("It was given by us, and is not good at the moment."), todo)
    if of is State.WITHDRAWN:
        return Said(_("This passport was withdrawn"), _("It was given by us once, and is not good any more."), todo)
    if of is State.EXPIRED or (until is not None and until <= at):
        return Said(_("This passport is over"), _("It was given by us once, and its end has come."), todo)
    return Said(_("Not one of our sellers"), _("We have given no passport with this number, or this QR."), todo)


def checks(seller: Seller, kind: PlaceKind, text: str) -> list[Check]:
    """What stands between an application and its approval."""
    found = []
    if seller.number_kind is NumberKind.OTHER:
        found.append(Check(_("No machine can check this registration number: find it in that country's register.")))
    else:
        found.append(Check(_("The check digits of the registration number fit."), done=True))
    if (register := register_of(seller)) is not None:
        name, link = register
        found.append(
            Check(_("The register shows this legal name under this number, and that it is active."), link, name)
        )
    match kind:
        case PlaceKind.STREET:
            found.append(Check(_("Somebody has seen this shop at this address, or has a picture of its front.")))
        case PlaceKind.SITE:
            found.append(Check(_("The website names the same legal name and number."), f"https://{text}/", text))
        case PlaceKind.SHOP:
            found.append(Check(_("The shop page is theirs: they put a word of yours on it."), f"https://{text}", text))
    found.append(Check(_("Whoever applied acts for this company: you have spoken to them.")))
    return found


def letter(about: Mapping[str, str], base_url: str) -> tuple[str, str]:
    """What became of an application or a passport, to the seller."""
    end = datetime.fromisoformat(about["until"]) if about["until"] else None
    known = {**about, "day": last_day(end) if end else "", "link": f"{base_url}{about['path']}"}
    subject, text = _NEWS[Event(about["became"])]
    end_note = _("Everything about your passports: %(link)s")
    return _(subject) % known, f"{_(text) % known}\n\n{end_note % known}"


_NEWS: Final[dict[Event, tuple[str, str]]] = {
    Event.APPROVED: (
        gettext_noop("Your passport for %(place)s"),
        gettext_noop(
            "%(name)s has a passport for %(place)s until %(day)s. Its number is %(number)s. Download the QR and the "
            "badge, and put them up there and nowhere else."
        ),
    ),
    Event.REVIEWED: (
        gettext_noop("Your passport for %(place)s goes on"),
        gettext_noop(
            "We have looked again: the passport %(number)s is good until %(day)s. The QR that hangs there works on, "
            "and the new one also for phones without a network."
        ),
    ),
    Event.REFUSED: (
        gettext_noop("No passport for %(place)s"),
        gettext_noop("We cannot give %(name)s a passport for %(place)s. The reason: %(reason)s"),
    ),
    Event.FELL_DUE: (
        gettext_noop("Your passport for %(place)s ends on %(day)s"),
        gettext_noop(
            "The passport %(number)s is good until %(day)s. We look again before then. If your name, number or place "
            "has changed, apply for a new one now."
        ),
    ),
    Event.SUSPENDED: (
        gettext_noop("Your passport for %(place)s is suspended"),
        gettext_noop(
            "From now on customers see that the passport %(number)s is not good at the moment. The reason: %(reason)s"
        ),
    ),
    Event.RESUMED: (
        gettext_noop("Your passport for %(place)s is good again"),
        gettext_noop("The passport %(number)s is good again, until %(day)s."),
    ),
    Event.WITHDRAWN: (
        gettext_noop("Your passport for %(place)s was withdrawn"),
        gettext_noop(
            "The passport %(number)s is not good any more. Take the QR and the badge down. The reason: %(reason)s"
        ),
    ),
    Event.EXPIRED: (
        gettext_noop("Your passport for %(place)s is over"),
        gettext_noop("The passport %(number)s ended on %(day)s. Take the QR down, or apply for a new one."),
    ),
}


# ── what hangs in the shop ──


def qr_svg(address: str) -> str:
    """As a file of its own."""
    out = io.BytesIO()
    _qr(address).save(out, kind="svg", border=4, dark="#000", light="#fff", scale=4)
    return out.getvalue().decode()


def qr_png(address: str, *, scale: int = 8) -> bytes:
    """`scale`: pixels a module."""
    out = io.BytesIO()
    _qr(address).save(out, kind="png", border=4, scale=scale)
    return out.getvalue()


def _qr(address: str) -> segno.QRCode:
    """Low error correction: it is long, and larger modules are read from a screen sooner."""
    return segno.make_qr(address, error="l", boost_error=False)


def badge(number: str, host: str, label: str) -> str:
    """An invitation to check and no claim, so that it is as true on a copy: what it says is found out by looking."""
    said = escape(f"{label}: {host}/verify {number}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="240" height="72" viewBox="0 0 240 72" role="img" '
        f'aria-label="{said}"><rect x="1" y="1" width="238" height="70" rx="8" fill="#fff" stroke="#10202f" '
        f'stroke-width="2"/><path d="M14 50v-8M22 50V34M30 50V26" stroke="#10202f" stroke-width="5"/>'
        f'<g fill="#10202f" font-family="system-ui,sans-serif">'
        f'<text x="44" y="24" font-size="13">{escape(label)}</text>'
        f'<text x="44" y="45" font-size="19" font-weight="700">{escape(number)}</text>'
        f'<text x="44" y="62" font-size="11">{escape(host)}/verify</text></g></svg>'
    )


def snippet(address: str, picture: str) -> str:
    """For a shop page: a link and a picture, no script, nothing asked of us before somebody presses it."""
    return f'<a href="{escape(address)}" rel="noopener">{picture}</a>'
