"""Saved phrases of the shop: what clerks write most, in the customer's language, beside what it means in theirs."""

from __future__ import annotations

from typing import Final, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.presenting import languages

_PHRASES: Final[dict[str, str]] = {
    "hello": gettext_noop("Hello, and thank you for your message."),
    "looking": gettext_noop("We are looking into it, and write to you again today."),
    "asked_operator": gettext_noop("We have asked the operator. As soon as it answers, we write to you."),
    "restart": gettext_noop("Please switch the phone off and on again, wait two minutes, and look at the balance."),
    "balance": gettext_noop("What does the operator answer when you ask for the balance? Please copy it to us."),
    "screen": gettext_noop("Which words do you see on the screen? Please copy them, without the code."),
    "delivered": gettext_noop("The operator confirms that the top-up has arrived."),
    "refunding": gettext_noop("Your money goes back the way you paid. You need to do nothing."),
    "new_code": gettext_noop("Please do not buy again: we find out first what became of this order."),
    "care": gettext_noop("The operator's customer care can see your SIM, and we cannot. Its number is on your order."),
    "solved": gettext_noop("Does it work now? If not, just answer here."),
}


class Phrase(NamedTuple):
    key: str
    theirs: str  # in the customer's language: what is sent
    ours: str  # in the language of whoever reads the page


def meaning(text: str, language: str) -> str:
    """What a message says to whoever reads the page, where it is made of saved phrases of this language alone."""
    known = {phrase.theirs: phrase.ours for phrase in phrases(language)}
    lines = [known.get(line, "") for line in text.split("\n") if line.strip()]
    ours = "\n".join(lines) if all(lines) else ""
    return "" if ours == text else ours


def phrases(language: str) -> list[Phrase]:
    """All of them for a customer of this language."""
    ours = {key: _(text) for key, text in _PHRASES.items()}
    with languages.speaking(language):
        return [Phrase(key, _(text), ours[key]) for key, text in _PHRASES.items()]
