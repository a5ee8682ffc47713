"""What Mollie's webhooks name. They come in two kinds, and both only wake: the state is fetched.

The classic one belongs to a payment, is a form `id=tr_…`, and unsigned. The newer one (beta) is set up in the dashboard
and is JSON with a signature: docs.mollie.com/reference/webhooks-new and /reference/webhooks-best-practices.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from urllib.parse import parse_qs

_PAYMENT = re.compile(r"tr_[A-Za-z0-9]{6,40}")
_MAX_FORM = 1024
_MAX_EVENT = 64 * 1024


def named(headers: Mapping[str, str], body: bytes, secret: str) -> list[str]:
    """The payment a webhook is about: at most one; none for what is no webhook, or not signed with `secret`.

    Anybody can send the classic one, and then all that happens is one more look. `headers` in any case of letters.
    """
    if signature := {name.lower(): value for name, value in headers.items()}.get("x-mollie-signature", ""):
        return _event(body) if secret and len(body) <= _MAX_EVENT and _signed(body, signature, secret) else []
    if len(body) > _MAX_FORM or not body.isascii():
        return []
    ids = parse_qs(body.decode("ascii")).get("id", [])
    return ids if len(ids) == 1 and _PAYMENT.fullmatch(ids[0]) else []


def _signed(body: bytes, signature: str, secret: str) -> bool:
    right = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(signature.removeprefix("sha256=").encode(), right.encode())


def _event(body: bytes) -> list[str]:
    """A payment's own, or that of the payment which a refund or a charge-back is of."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return []
    if not isinstance(event, dict):
        return []
    embedded = event.get("_embedded")
    entity = embedded.get("entity") if isinstance(embedded, dict) else None
    of = entity.get("paymentId") if isinstance(entity, dict) else None
    return [id_ for id_ in (event.get("entityId"), of) if isinstance(id_, str) and _PAYMENT.fullmatch(id_)][:1]
