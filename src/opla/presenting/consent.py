"""What somebody agrees to before paying: delivery at once, and what that does to the right to step back."""

from __future__ import annotations

from django.utils.translation import gettext as _

from opla.core.ports import Kind


def consent(kind: Kind, *, dated: bool = False, texted: bool = False, posted: bool = False) -> str:
    """The sentence beside the box; kept and confirmed by e-mail as it was read. `dated`: for a day that was chosen;
    `texted`: a code that goes to whoever asked for it by SMS; `posted`: in a letter."""
    if kind is Kind.CODE and posted:
        return _("Send me the code by letter. I know that I can no longer step back once it was printed.")
    if kind is Kind.CODE and texted:
        return _("Send the code to the phone that asked. I know that I can no longer step back once it was sent.")
    if kind is Kind.DIRECT and dated:
        return _("Top up on the day I chose. I know that I can no longer step back once the credit has arrived.")
    if kind is Kind.DIRECT:
        return _("Top up at once. I know that I can no longer step back once the credit has arrived.")
    if kind is Kind.ESIM:
        return _("Show me the eSIM as soon as I ask for it. I know that I can no longer step back once it was shown.")
    if kind is Kind.SIM:
        return _("Pack the card now. I know that it is taken back for its whole price unopened only, within 14 days.")
    return _("Show me the code as soon as I ask for it. I know that I can no longer step back once it was shown.")
