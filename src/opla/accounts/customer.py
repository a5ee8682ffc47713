"""Who signed in, where somebody did: a customer, who is never needed for buying."""

from __future__ import annotations

from django.http import HttpRequest

from opla.db.models import Customer


def customer_of(request: HttpRequest) -> Customer | None:
    """The customer behind this request; None for everybody who did not sign in."""
    user = request.user
    return user if isinstance(user, Customer) and user.is_active else None
