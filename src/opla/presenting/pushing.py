"""The short messages on a locked screen: that something changed, and nothing that a stranger beside it may use."""

from __future__ import annotations

from django.utils.translation import gettext as _

from opla.operations.push import Pushing
from opla.operations.wishes import Watched
from opla.presenting import languages
from opla.presenting.reminding import operator_name


def pushing(about: Pushing, *, sandbox: bool) -> tuple[str, str]:
    """Title and text, in the language of the order or the reminder."""
    with languages.speaking(about.language):
        title = "[SANDBOX] Opla" if sandbox else "Opla"
        if about.ticket:
            return title, _("Order %(ticket)s: something changed. Tap to look.") % {"ticket": about.ticket}
        if isinstance(about.watched, Watched):
            name = operator_name(about.watched.usage.line.operator)
            return title, _("%(operator)s: a reminder about your SIM. Tap to look.") % {"operator": name}
        return title, _("Something changed. Tap to look.")
