"""The words of answers by text message, short enough for one or two parts. Pure: from facts to words."""

from __future__ import annotations

from django.utils.translation import gettext as _

from opla.operations.answer_texts import Dials, OrderState
from opla.presenting import languages, orders


def words(found: OrderState | Dials) -> str:
    with languages.speaking(found.language):
        if isinstance(found, Dials):
            dials = ", ".join(f"{operator} {dial}" for operator, dial in found.by_operator)
            return _("Dial to see what is left: %(dials)s") % {"dials": dials} if dials else _("Ask your operator.")
        if found.state is None:
            return _("No order has this number.")
        return _("Order %(ticket)s: %(state)s.") % {"ticket": found.ticket, "state": orders.state(found.state)}
