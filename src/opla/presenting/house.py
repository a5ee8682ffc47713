"""The words of people of the house."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from opla.core.actor import Role
from opla.db.queries.people import Person

_MAY: Final[dict[Role, str]] = {
    Role.OWNER: gettext_noop("everything, and who else is of the house"),
    Role.ACCOUNTANT: gettext_noop(
        "reads the money, brings in bank statements, closes days; moves no money and sees no customer"
    ),
    Role.SUPPORT: gettext_noop(
        "answers customers, sees what waits, hands over cards and letters, takes cash; decides nothing"
    ),
    Role.SHOP_MANAGER: gettext_noop(
        "tills, tablets, clerks, vouchers and how many codes are left; not the bank, not the catalogue"
    ),
}


def may(of: Role) -> str:
    return _(_MAY[of])


def factors(person: Person) -> str:
    """What they show to come in."""
    shown = []
    if person.passkeys:
        shown.append(ngettext("%(n)s passkey", "%(n)s passkeys", person.passkeys) % {"n": person.passkeys})
    if person.app:
        shown.append(_("an app's six digits"))
    return ", ".join(shown) or _("nothing yet")
