"""The words of letters about no order and no reminder. Pure: from facts to words, in the language of whoever reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from opla.core.money import Money
from opla.operations.letters import Posted
from opla.presenting import figures, languages, partners, passports, renewing
from opla.presenting.notices import Notice

#: Subject and body from the facts of a letter and the shop's address.
Words = Callable[[Mapping[str, str], str], tuple[str, str]]


def words(letter: Posted, *, base_url: str, sandbox: bool) -> Notice:
    """Raises ValueError for a topic that has no words."""
    write = _WORDS.get(letter.topic)
    if write is None:
        raise ValueError(f"no letter is about {letter.topic!r}")
    with languages.speaking(letter.language):
        subject, body = write(letter.about, base_url)
        parts = [_("Hello,"), body]
        if sandbox:
            subject = f"[SANDBOX] {subject}"
            parts.append(_("This is a sandbox: no real money moved, and codes top up nothing."))
        return Notice(subject, "\n\n".join(parts) + "\n")


def _sign_in(about: Mapping[str, str], base_url: str) -> tuple[str, str]:
    link = {"link": f"{base_url}{about['path']}"}
    text = _(
        "Open this link to sign in: %(link)s\n\nIt works once, for 15 minutes. If you did not ask for it, do nothing: "
        "without this message nobody signs in."
    )
    return _("Your link to sign in"), text % link


def _invited(about: Mapping[str, str], base_url: str) -> tuple[str, str]:
    known = {"link": f"{base_url}{about['path']}", "name": about["name"]}
    text = _(
        "You work at this shop from now on, as %(name)s. Open this link, and set up there what you come in with: "
        "%(link)s\n\nIt works once, for a day. Give it to nobody. If you do not work here, do nothing."
    )
    return _("You are invited to work at this shop"), text % known


def _stepped_back(about: Mapping[str, str], base_url: str) -> tuple[str, str]:
    known = {**about, "time": figures.moment(datetime.fromisoformat(about["at"])), "link": f"{base_url}/withdrawal/"}
    text = _(
        "We received on %(time)s that %(name)s steps back from order %(ticket)s (%(product)s). This message "
        "acknowledges it, and says nothing of whether it is in time. A person looks at it. If nobody has seen the "
        "code, the money goes back the way it came, within 14 days.\n\nYour right, and when it ends: %(link)s"
    )
    return _("You stepped back from order %(ticket)s") % known, text % known


def _answered(about: Mapping[str, str], base_url: str) -> tuple[str, str]:
    link = {"link": f"{base_url}{about['path']}", "ticket": about["ticket"]}
    if about["ticket"]:
        text = _(
            "The shop has answered your message about order %(ticket)s. Read it here, on the device you ordered with "
            "or with the six digits we can send you: %(link)s"
        )
        return _("An answer about order %(ticket)s") % link, text % link
    text = _("The shop has answered your question. Read it here: %(link)s\n\nWhoever has this link can read it.")
    return _("An answer to your question"), text % link


def _ask_confirm(about: Mapping[str, str], base_url: str) -> tuple[str, str]:
    link = {"link": f"{base_url}{about['path']}"}
    text = _(
        "Open this link, and say there that the question is yours: %(link)s\n\nThe shop reads it only then. If you "
        "asked nothing, do nothing: after two days it is deleted."
    )
    return _("Did you ask us a question?"), text % link


def _sign_in_changed(about: Mapping[str, str], base_url: str) -> tuple[str, str]:
    text = _(
        "How you sign in was changed: a passkey or the second step. If it was you, all is well. If it was not, look "
        "here and end what you do not know: %(link)s"
    )
    return _("How you sign in was changed"), text % {"link": f"{base_url}{about['path']}"}


#: What every topic says, and which facts it needs.
def _float_low(about: Mapping[str, str], base_url: str) -> tuple[str, str]:
    money = {name: figures.money(Money(int(about[name]), about["currency"])) for name in ("free", "below")}
    known = {**money, "title": about["title"], "link": f"{base_url}/reseller/{about['reseller']}/float/"}
    text = _(
        "%(free)s is free on the float of %(title)s: less than the %(below)s below which you want to know. Orders that "
        "cost more than that are refused.\n\nHow to pay in: %(link)s"
    )
    return _("Little is left on the float: %(free)s") % known, text % known


def _webhook_ended(about: Mapping[str, str], base_url: str) -> tuple[str, str]:
    known = {"url": about["url"], "link": f"{base_url}{about['path']}"}
    if about["why"] == "gone":
        why = _("It answered that it wants nothing more (410 Gone).")
    else:
        why = _("For three days nothing that was posted to it arrived.")
    text = _(
        "Your webhook %(url)s is off: nothing more is posted to it.\n\n%(why)s\n\nSwitch it on again here, and have "
        "what it missed posted again: %(link)s"
    )
    return _("Your webhook is off"), text % {**known, "why": why}


_WORDS: Final[dict[str, Words]] = {
    "float_low": _float_low,
    "partner_day": partners.letter,  # title, day, permille, currency; cash, card, back, commission: in minor units
    "answered": _answered,  # path: of the thread; ticket: of its order, empty for a question
    "ask_confirm": _ask_confirm,  # path: of the question
    # of standing renewals: what `operations.renewals.letter` says of every one, and beside it
    "renewal_begun": renewing.begun,  # due_at; agreed, at: what and when, an ISO instant
    "renewal_notice": renewing.notice,  # due_at, charge_at; price_minor (empty: none); known: what it does to the SIM
    "renewal_charged": renewing.charged,  # order_path; due_at: of the next
    "renewal_not_charged": renewing.not_charged,  # cause, order_path
    "renewal_asked": renewing.asked,  # cause, price_minor; due_at: of the next
    "renewal_paused": renewing.paused,  # cause; order_path, where one can be paid by hand
    "renewal_ceiling": renewing.ceiling,  # cap_minor, month_cap_minor: the new ones
    "renewal_by_text": renewing.by_text,  # price_minor; product: what was ordered
    "renewal_by_text_refused": renewing.by_text_refused,  # the same
    "renewal_ended": renewing.ended,  # by: the shop, where it was not its owner
    "renewal_not_begun": renewing.not_begun,  # cause: order, or provider
    "invited": _invited,  # name; path: of the page that lets them in, with its secret
    "passport": passports.letter,  # became: an event; name, place, number, reason; until: an ISO instant; path: of them
    "sign_in": _sign_in,  # path: of the page that signs in, with its secret
    "stepped_back": _stepped_back,  # ticket, product, name; at: an ISO instant
    "sign_in_changed": _sign_in_changed,  # path: of the page with what there is
    "webhook_ended": _webhook_ended,  # url; why: gone or dead; path: of the page of webhooks
}

#: All of them.
TOPICS: Final = tuple(_WORDS)
