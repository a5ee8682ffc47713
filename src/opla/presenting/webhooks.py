"""Webhooks on a page, in words: how an endpoint stands, and what became of a try."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from opla.db.queries.webhooks import Delivery
from opla.presenting import figures


def standing(ended_why: str, failing_since: datetime | None) -> str:
    """How an endpoint stands. `ended_why` is empty for one that is on."""
    match ended_why:
        case "gone":
            return _("Off: it answered that it wants nothing more.")
        case "dead":
            return _("Off: for three days nothing arrived.")
        case "by_hand":
            return _("Off: somebody switched it off.")
    if failing_since is not None:
        return _("On, and nothing has arrived since %(time)s.") % {"time": figures.moment(failing_since)}
    return _("On")


def delivery(one: Delivery) -> str:
    """What became of one message for one endpoint."""
    match one.state:
        case "delivered":
            return _("Arrived")
        case "given_up":
            return _("Did not arrive")
    if one.due_at is not None and one.tries:
        return _("Tried again on %(time)s") % {"time": figures.moment(one.due_at)}
    return _("On its way")


def outcome(status: int, why: str) -> str:
    """What one try came to."""
    if status:
        return _("Answered with %(status)s") % {"status": status}
    match why:
        case "timed_out":
            return _("No answer within 10 seconds")
        case "no_connection":
            return _("Nobody answers there")
        case "certificate":
            return _("Its certificate is not good")
        case "no_address":
            return _("Its name leads nowhere")
        case "address_refused":
            return _("Its name leads to an address that is not public")
        case "our_error" | "secret_lost":
            return _("Something went wrong on our side")
        case _:
            return _("The connection broke")
