"""An operator's own ways, said as plainly as ours: what each is good at, what it is not, and who answers for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.catalog import (
    Authority,
    AuthorityKind,
    Cell,
    Fact,
    FactKind,
    Method,
    MethodKind,
    Operator,
    tel_uri,
    text_in,
)
from opla.presenting import facts, languages, redeeming
from opla.presenting.redeeming import Contact, site

#: What to say at a desk or on the telephone. Each is shown in a language spoken there, with the reader's beside it.
_SENTENCES: Final = (
    gettext_noop("Hello. I topped up my prepaid SIM, but the credit has not arrived. My number is: …"),
    gettext_noop("Hello. My top-up code is refused. Its serial number is: …"),
    gettext_noop("Hello. Until when is my number valid, and what must I do to keep it?"),
)

#: What is asked of every operator, in the order it is said.
_RULES: Final = (
    FactKind.ACTIVATION, FactKind.LASTS, FactKind.EARLY_RENEWAL, FactKind.CREDIT_LASTS, FactKind.CREDIT_RENEWAL,
    FactKind.CREDIT_CAP, FactKind.NUMBER_LIFE, FactKind.NUMBER_GRACE, FactKind.PLAN_CHANGE, FactKind.PLAN_CHANGE_LOSES,
    FactKind.AUTO_RENEW, FactKind.REIDENTIFY_MONTHS, FactKind.CODE_EXPIRES,
)  # fmt: skip
#: Said even when nobody told us.
_ALWAYS: Final = frozenset(
    {FactKind.ACTIVATION, FactKind.EARLY_RENEWAL, FactKind.CREDIT_LASTS, FactKind.NUMBER_LIFE, FactKind.PLAN_CHANGE}
)

_KINDS: Final[dict[AuthorityKind, str]] = {
    AuthorityKind.OMBUDSMAN: gettext_noop("When the operator's customer care does not help. Free of charge."),
    AuthorityKind.CONSUMERS: gettext_noop("When this shop does not help."),
    AuthorityKind.COMPARATOR: gettext_noop("Every tariff of every operator, by people who sell none."),
    AuthorityKind.NUMBER_LOOKUP: gettext_noop("Whose a number is now."),
    AuthorityKind.REGULATOR: gettext_noop("What operators must publish, and your rights as their customer."),
}


@dataclass(frozen=True)
class Sentence:
    """Something to say: in a language spoken there, and what it means to the reader."""

    language: str
    text: str
    means: str


@dataclass(frozen=True)
class Word:
    """A word of the operator's own, with its meaning."""

    language: str
    word: str
    means: str
    mark: str


@dataclass(frozen=True)
class Care:
    """An operator's customer care. `not_known` names, in one phrase, what nobody told us."""

    name: str
    contacts: list[Contact]
    not_known: str
    sentences: list[Sentence]


@dataclass(frozen=True)
class Way:
    """One way of topping up that is not ours. `unknown` says what to do where its address is not known."""

    title: str
    good: str
    contacts: list[Contact]
    unknown: str = ""


@dataclass(frozen=True)
class Office:
    """An authority, and what it is there for."""

    name: str
    what_for: str
    contacts: list[Contact]


def care(operator: Operator) -> Care:
    told = redeeming.care(operator)
    hours, speaks = operator.care_hours, operator.care_languages
    if hours.value:
        told.append(Contact(_("Hours"), hours.value, "", redeeming.mark(hours)))
    if speaks.value:
        named = ", ".join(languages.NAMES.get(tag, tag) for tag in speaks.value)
        told.append(Contact(_("Languages"), named, "", redeeming.mark(speaks)))
    unknown = (
        (_("a number from its own SIM"), operator.care_dial.known or operator.care_text.known),
        (_("a number from other phones and from abroad"), operator.care_abroad.known),
        (_("a chat"), operator.care_chat.known),
        (_("its hours"), hours.known),
        (_("its languages"), speaks.known),
    )
    missing = ", ".join(name for name, known in unknown if not known)
    return Care(operator.name, told, missing, sentences(operator))


def sentences(operator: Operator) -> list[Sentence]:
    """What to say, in each language to expect there; nothing for who speaks one of them."""
    spoken = [tag for tag in operator.care_speaks if tag in languages.NAMES]
    if languages.current() in spoken:
        return []
    return [Sentence(tag, _in(tag, said), _(said)) for said in _SENTENCES for tag in spoken]


def _in(tag: str, said: str) -> str:
    with languages.speaking(tag):
        return _(said)


def words(operator: Operator) -> list[Word]:
    """The operator's own words, each with its meaning; those in the reader's language need none and are left out."""
    return [
        Word(cell.value.language, cell.value.word, text_in(cell.value.means, languages.current()), redeeming.mark(cell))
        for cell in operator.terms
        if cell.value is not None and cell.value.word != text_in(cell.value.means, languages.current())
    ]


def ways(operator: Operator) -> list[Way]:
    """The operator's own: website, app, shops, and a code by SMS or telephone."""
    found = [
        Way(
            _("Its own website"),
            _("Good at: showing the true balance, and no code to enter. It may want an account and a card it accepts."),
            _links(_("Website"), operator.website),
            "" if operator.website.known else _("We do not know its address for certain."),
        ),
        _app(operator),
        Way(
            _("Its shops"),
            _("Good at: a person to ask, cash, and proving who you are. Bound to opening hours."),
            _links(_("Find a shop"), operator.shops),
            "" if operator.shops.known else _("We know of no page that finds its shops. Its website may."),
        ),
    ]
    by_phone = [contact for cell in operator.redeem if (contact := code_by_phone(cell))]
    if by_phone:
        good = _("Good at: works without data and without an account. It needs a code, from a shop or from us.")
        found.append(Way(_("A code, entered on the phone"), good, by_phone))
    return found


def _app(operator: Operator) -> Way:
    app = operator.app
    contacts = [Contact(_("Name"), app.name.value, "", redeeming.mark(app.name))] if app.name.value else []
    if app.publisher.value:
        contacts.append(Contact(_("Publisher"), app.publisher.value, "", redeeming.mark(app.publisher)))
    contacts += [*_links("Google Play", app.google_play), *_links("App Store", app.app_store)]
    unknown = ""
    if not (app.publisher.known and (app.google_play.known or app.app_store.known)):
        unknown = _(
            "Who publishes it in the stores is not verified. Open it from the operator's own website, never from a "
            "link in a message: that is how fakes come."
        )
    good = _("Good at: balance and renewal in one place. It wants an account, and often an SMS to the SIM.")
    return Way(_("Its own app"), good, contacts, unknown)


def code_by_phone(cell: Cell[Method]) -> Contact | None:
    """What to dial or send, with … where the code goes; None for what is not done by phone."""
    method = cell.value
    if method is None:
        return None
    match method.kind:
        case MethodKind.USSD:
            return Contact(_("Dial"), method.dial.replace("{code}", "…"), "", redeeming.mark(cell))
        case MethodKind.CALL:
            return Contact(_("Call"), method.dial, tel_uri(method.dial), redeeming.mark(cell))
        case MethodKind.SMS:
            said = f"{method.body.replace('{code}', '…')} → {method.to}"
            return Contact(_("By SMS"), said, "", redeeming.mark(cell))
        case _:
            return None


def rules(operator: Operator) -> list[facts.Line]:
    """Its rules that hold for every amount, with the unknown ones that matter."""
    told: list[facts.Line] = []
    for kind in _RULES:
        cell: Cell[object] = getattr(operator.rules, kind.value)
        if cell.known or kind in _ALWAYS:
            told.append(facts.line(Fact(kind, cell)))
    return told


def sheet(operator: Operator) -> list[Contact]:
    """Where the information sheet of each plan is."""
    return _links(_("Information sheets"), operator.information_sheet)


def offices(authorities: tuple[Authority, ...], *kinds: AuthorityKind) -> Iterator[Office]:
    """Those of these kinds, in their order."""
    for kind in kinds:
        yield from (_office(one) for one in authorities if one.kind is kind)


def _office(one: Authority) -> Office:
    contacts = _links(_("Website"), one.website)
    if one.dial.value:
        contacts.append(Contact(_("Telephone"), one.dial.value, tel_uri(one.dial.value), redeeming.mark(one.dial)))
    if one.email.value:
        contacts.append(Contact(_("E-mail"), one.email.value, f"mailto:{one.email.value}", redeeming.mark(one.email)))
    if one.post.value:
        contacts.append(Contact(_("By post"), one.post.value, "", redeeming.mark(one.post)))
    return Office(text_in(one.name, languages.current()), _(_KINDS[one.kind]), contacts)


def _links(label: str, cell: Cell[str]) -> list[Contact]:
    return [Contact(label, cell.value, site(cell.value), redeeming.mark(cell))] if cell.value else []
