"""The words of standing renewals: beside the box where one agrees, on their page, and in their letters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from opla.core import renewal
from opla.core.money import Money
from opla.core.renewal import NOTICE_DAYS, PAY_WITHIN, Cause, Every, Phase, Rule, State
from opla.db.queries.renewals import PeriodRow
from opla.operations.agree_renewal import Agreed
from opla.operations.text_pay import A_MONTH
from opla.presenting import figures, numbers, paying


def rule(found: Rule) -> str:
    """When it is done again, as a choice in a list."""
    match found.every:
        case Every.ENDS:
            return _("When the last one has ended")
        case Every.MONTHLY:
            return _("Each month on day %(n)s") % {"n": found.number}
        case _:
            return ngettext("Every %(n)s day", "Every %(n)s days", found.number) % {"n": found.number}


def consent() -> str:
    """The sentence beside the box."""
    return ngettext(
        "Yes: charge me again by itself as chosen here, never above the ceiling, until I end it. I am told by e-mail "
        "%(n)s day before each charge, and can skip it or end it all with one tap.",
        "Yes: charge me again by itself as chosen here, never above the ceiling, until I end it. I am told by e-mail "
        "%(n)s days before each charge, and can skip it or end it all with one tap.",
        NOTICE_DAYS,
    ) % {"n": NOTICE_DAYS}


def by_text_consent() -> str:
    """The sentence beside the choice that lets whoever has the SIM order by text."""
    return _(
        "Yes: whoever has the SIM of this number may order top-ups of its operator by SMS, at most once a day and "
        "%(n)s times a month, each within the ceiling. They are charged to me like this one, without notice before, "
        "and I am told of each by e-mail. I can take this back at any time."
    ) % {"n": A_MONTH}


def agreement(agreed: Agreed) -> str:
    """What was agreed to, with what was chosen: kept, and confirmed by e-mail."""
    return " · ".join([consent(), rule(agreed.rule), *ceilings(agreed.cap, agreed.month_cap)])


def ceilings(cap: Money, month_cap: Money | None) -> list[str]:
    found = [_("at most %(cap)s each time") % {"cap": figures.money(cap)}]
    if month_cap:
        found.append(_("at most %(cap)s in a month") % {"cap": figures.money(month_cap)})
    return found


def new_ceiling(cap: Money, month_cap: Money | None, at: datetime) -> str:
    """What was agreed to later: kept below what was agreed to before."""
    return " · ".join([figures.moment(at), *ceilings(cap, month_cap)])


_STATES: Final = {
    State.WAITING_CONSENT: gettext_noop("It begins when the first payment has come and the payment provider agrees."),
    State.ACTIVE: gettext_noop("It goes on by itself until you end it."),
    State.PAUSED: gettext_noop("It is paused: nothing is charged."),
    State.ENDED: gettext_noop("It has ended: nothing is charged by itself any more."),
}


def state(found: State) -> str:
    return _(_STATES[found])


_PHASES: Final = {
    Phase.PLANNED: gettext_noop("to come"),
    Phase.PLACED: gettext_noop("being charged"),
    Phase.REFUSED: gettext_noop("refused: it can be paid by hand"),
    Phase.DELIVERED: gettext_noop("topped up"),
    Phase.RETURNED: gettext_noop("given back"),
    Phase.UNPAID: gettext_noop("refused, and not paid by hand"),
    Phase.SKIPPED: gettext_noop("skipped"),
    Phase.ASKED: gettext_noop("not charged: you were asked"),
    Phase.MISSED: gettext_noop("not charged: you could not be told in time"),
    Phase.DROPPED: gettext_noop("not charged: it was paused or ended"),
}


@dataclass(frozen=True)
class Past:
    """One period of the history."""

    due_at: datetime
    text: str


def past(rows: list[PeriodRow]) -> list[Past]:
    return [Past(row.due_at, _(_PHASES[row.phase])) for row in rows if row.phase is not Phase.PLANNED]


# ── letters ───────────────────────────────────────────────────────────────

#: Why nothing was charged.
_CAUSES: Final = {
    Cause.ABOVE_CAP: gettext_noop("It costs %(price)s now, and your ceiling is %(cap)s."),
    Cause.ABOVE_MONTH_CAP: gettext_noop("With it, this month would cost more than your ceiling of %(month_cap)s."),
    Cause.NOT_SOLD: gettext_noop("It cannot be had here now."),
    Cause.TAKES_AWAY: gettext_noop("Bought now, it would take away something that is still on the SIM."),
    Phase.MISSED: gettext_noop("We could not tell you of it in time."),
    "late": gettext_noop("It could not be charged on the day that we told you, and later we charge nothing."),
    "expired": gettext_noop("It could not be charged in time."),
    Phase.RETURNED: gettext_noop("It was charged and did not come about: the money goes back to you."),
    "asked": gettext_noop("You paused it."),
    "charged_back": gettext_noop("The bank took a payment of it back."),
}


def cause(word: str, known: Mapping[str, str]) -> str:
    """Why, in a sentence; whatever a provider calls a refusal is one."""
    if word in _CAUSES:
        return _(_CAUSES[word]) % known
    return paying.why(word) or _("The payment was refused.")


def _known(about: Mapping[str, str], base_url: str) -> dict[str, str]:
    """What the texts name, as people write it."""
    moneys = {
        name.removesuffix("_minor"): figures.money(Money(int(minor), about["currency"]))
        for name, minor in about.items()
        if name.endswith("_minor") and minor
    }
    found = renewal.read_rule(about["rule"])
    page = f"{base_url}{about['path']}"
    return {
        "product": about["product"],
        "number": numbers.grouped(about["number"]),
        "rule": rule(found) if found else "",
        "due": figures.day(datetime.fromisoformat(about["due_at"])) if about.get("due_at") else "",
        "agreed": about.get("agreed", ""),
        "at": figures.moment(datetime.fromisoformat(about["at"])) if about.get("at") else "",
        "order": f"{base_url}{about['order_path']}" if about.get("order_path") else "",
        "link": page,
        "skip": f"{page}skip/",
        "end": f"{page}end/",
        **moneys,
    }


def _links(known: Mapping[str, str]) -> str:
    rows = (_("See it, change the ceiling or pause it: %(link)s"), _("End it now: %(end)s"))
    return "\n".join(text % known for text in rows)


def _next(known: Mapping[str, str]) -> list[str]:
    return [_("The next one is on %(due)s. You hear from us before.") % known] if known["due"] else []


def begun(about: Mapping[str, str], base_url: str) -> tuple[str, str]:
    known = _known(about, base_url)
    parts = [
        _("%(product)s for %(number)s is topped up again by itself from now on.") % known,
        *_next(known),
        _("This is what you agreed to on %(at)s:\n%(agreed)s") % known,
        _links(known),
    ]
    return _("Topped up by itself from now on: %(product)s") % known, "\n\n".join(parts)


def notice(about: Mapping[str, str], base_url: str) -> tuple[str, str]:
    """What comes, what it can cost, what it does to the SIM, and the ways out."""
    charge_at = about.get("charge_at") or about["due_at"]
    due_at = max(about["due_at"], charge_at, key=datetime.fromisoformat)  # told late, it comes later
    known = _known({**about, "due_at": due_at}, base_url)
    known["charge"] = figures.day(datetime.fromisoformat(charge_at))
    if not about["price_minor"]:
        costs = _("It cannot be had here now. If that stays so, nothing is charged and we ask you.")
    elif int(about["price_minor"]) > int(about["cap_minor"]):
        costs = _("It costs %(price)s now, and your ceiling is %(cap)s: unless you raise it, nothing is charged.")
    else:
        costs = _("It costs %(price)s now, and %(cap)s is the most that is charged.")
    does = _("By what we know, nothing on the SIM is lost by it.")
    if not about["known"]:
        does = _("What becomes of what is left on the SIM is not verified: the operator decides.")
    parts = [
        _("On %(due)s we top up %(number)s again: %(product)s.") % known,
        f"{costs % known} {does}",
        _("The money is asked for on %(charge)s. Before that day you can skip it: %(skip)s") % known,
        _links(known),
    ]
    return _("On %(due)s we top up again: %(product)s") % known, "\n\n".join(parts)


def charged(about: Mapping[str, str], base_url: str) -> tuple[str, str]:
    known = _known(about, base_url)
    text = _("%(number)s was topped up again and paid for by itself. The order and its receipt: %(order)s")
    return _("Topped up again: %(product)s") % known, "\n\n".join([text % known, *_next(known), _links(known)])


def by_text(about: Mapping[str, str], base_url: str) -> tuple[str, str]:
    known = _known(about, base_url)
    parts = [
        _("Whoever has the SIM of %(number)s ordered %(product)s by SMS, and you are being charged %(price)s.") % known,
        _("You allowed this. If it should not happen again, take it back here: %(link)s") % known,
        _("End it now: %(end)s") % known,
    ]
    return _("Ordered by SMS, at your charge: %(product)s") % known, "\n\n".join(parts)


def by_text_refused(about: Mapping[str, str], base_url: str) -> tuple[str, str]:
    known = _known(about, base_url)
    parts = [
        _(
            "We wrote to you that %(product)s was ordered by SMS from the SIM of %(number)s. It was not paid this way: "
            "you are not charged %(price)s."
        )
        % known,
        _("You allowed this. If it should not happen again, take it back here: %(link)s") % known,
    ]
    return _("Not charged after all: %(product)s") % known, "\n\n".join(parts)


def not_charged(about: Mapping[str, str], base_url: str) -> tuple[str, str]:
    known = _known(about, base_url)
    parts = [_nothing(about, known), *_by_hand(known), _links(known)]
    return _("Please pay by hand: %(product)s") % known, "\n\n".join(parts)


def asked(about: Mapping[str, str], base_url: str) -> tuple[str, str]:
    known = _known(about, base_url)
    by_hand = _("Buy it by hand, or change the ceiling: %(link)s") % known
    parts = [_nothing(about, known), by_hand, *_next(known), _("End it now: %(end)s") % known]
    return _("Not topped up, please look: %(product)s") % known, "\n\n".join(parts)


def paused(about: Mapping[str, str], base_url: str) -> tuple[str, str]:
    known = _known(about, base_url)
    parts = [cause(about["cause"], known)]
    if about["cause"] != "asked":
        nothing = parts[0] if about["cause"] == Phase.RETURNED else _nothing(about, known)
        parts = [nothing, _("That was the second time in a row, so it is paused.")]
    parts += [*_by_hand(known), _("Nothing is charged until you go on with it: %(link)s") % known]
    return _("Paused: %(product)s is not topped up by itself") % known, "\n\n".join(parts)


def ceiling(about: Mapping[str, str], base_url: str) -> tuple[str, str]:
    known = _known(about, base_url)
    caps = [Money(int(about[name]), about["currency"]) for name in ("cap_minor", "month_cap_minor") if about[name]]
    known["ceilings"] = " · ".join(ceilings(caps[0], caps[1] if len(caps) > 1 else None))
    text = _("The most that is charged by itself for %(number)s was changed. From now on: %(ceilings)s.")
    return _("New ceiling: %(product)s") % known, "\n\n".join([text % known, _links(known)])


def ended(about: Mapping[str, str], base_url: str) -> tuple[str, str]:
    known = _known(about, base_url)
    text = _(
        "Nothing is charged by itself for %(number)s any more, and we withdraw your consent at the payment provider. "
        "What was already on its way there comes to its end."
    )
    who = [_("The shop has ended it.")] if about.get("by") else []
    if about["cause"] == "charged_back":
        who = [cause("charged_back", known)]
    return _("Ended: %(product)s is not topped up by itself") % known, "\n\n".join([*who, text % known])


def not_begun(about: Mapping[str, str], base_url: str) -> tuple[str, str]:
    known = _known(about, base_url)
    why = _("The payment provider keeps no consent for later payments from this one.")
    if about["cause"] == "order":
        why = _("The first top-up did not come about.")
    text = _("Nothing is charged by itself for %(number)s. Please top it up by hand in time.") % known
    return _("Not topped up by itself: %(product)s") % known, f"{why} {text}"


def _nothing(about: Mapping[str, str], known: Mapping[str, str]) -> str:
    return f"{cause(about['cause'], known)} {_('Nothing was charged, and %(number)s is not topped up.') % known}"


def _by_hand(known: Mapping[str, str]) -> list[str]:
    """To the very order: it can be paid in any way there is."""
    if not known["order"]:
        return []
    text = ngettext(
        "Pay it by hand within %(n)s day, in any way there is: %(order)s",
        "Pay it by hand within %(n)s days, in any way there is: %(order)s",
        PAY_WITHIN.days,
    )
    return [text % {"n": PAY_WITHIN.days, "order": known["order"]}]
