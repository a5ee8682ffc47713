"""The kinds of things parked for a person, in words."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.item import Kind

_KINDS: Final[dict[Kind, str]] = {
    Kind.UNKNOWN_SEND: gettext_noop("Nobody can say whether it was delivered"),
    Kind.UNKNOWN_REFUND: gettext_noop("Nobody can say whether the refund was made"),
    Kind.UNKNOWN_CHARGE: gettext_noop("Nobody can say whether it was paid"),
    Kind.CONTRADICTION: gettext_noop("The outside says what cannot be"),
    Kind.REFUND_REFUSED: gettext_noop("The provider refuses the refund: another way is needed"),
    Kind.REFUND_CAP: gettext_noop("Refunds by rule reached the day's cap"),
    Kind.WRONG_AMOUNT: gettext_noop("Paid a wrong amount"),
    Kind.REFUND_APPROVAL: gettext_noop("A refund waits for a second person"),
    Kind.OUTSIDE_REFUND: gettext_noop("Refunded or charged back at the provider, not by us"),
}


def kind(name: str) -> str:
    return _(_KINDS[Kind(name)]) if name in list(Kind) else name
