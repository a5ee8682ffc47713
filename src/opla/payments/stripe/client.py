"""Stripe's HTTP: their library writes each request, our own `Caller` sends it, and what comes back is ours to read.

Their library by itself keeps connections, waits 80 s, sends along who runs it, and repeats. Here it is a typed list of
their paths and fields and nothing else (docs/decisions/0022-stripe-writes-we-send.md).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import NoReturn

import httpx
import stripe
from stripe.params import PaymentIntentCreateParams, RefundCreateParams
from stripe.params.checkout import SessionCreateParams

from opla.calling import Caller, Reply
from opla.payments.stripe.config import Config

#: As many as one page holds; and of whole ones, so that a page stays well below what is read of one answer.
PAGE, WHOLE_PAGE = 100, 20

# It would make an id of this installation, keep it in the home folder of whoever runs us, and send it along.
stripe.enable_telemetry = False
# At DEBUG it writes down whole requests, and one holds the link to an order.
logging.getLogger("stripe").setLevel(logging.WARNING)


class _Came(Exception):  # noqa: N818 - no error: what came of a call
    """Carries a reply past their library, which would repeat it, warn of it, write it down, or trip over it."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply


class _Wire(stripe.HTTPClient):
    """Their library's way out, which is ours."""

    name = "opla"

    def __init__(self, caller: Caller) -> None:
        super().__init__()
        self._caller = caller

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: object = None,
        *,
        _usage: list[str] | None = None,
    ) -> NoReturn:
        if method != "post":
            raise _Came(self._caller.get(url))
        sent = {name: (headers or {})[name] for name in ("Content-Type", "Idempotency-Key")}
        raise _Came(self._caller.post_bytes(url, str(post_data).encode(), sent))


class Client:
    def __init__(self, config: Config, transport: httpx.BaseTransport | None = None) -> None:
        headers = {"Authorization": f"Bearer {config.key}", "Stripe-Version": stripe.api_version}
        caller = Caller(config.base_url, headers, config.timeout_s, through_proxy=True, transport=transport)
        self._theirs = stripe.StripeClient(
            config.key, base_addresses={"api": config.base_url}, http_client=_Wire(caller), max_network_retries=0
        ).v1

    def create(self, body: SessionCreateParams, reference: str) -> Reply:
        return _came(lambda: self._theirs.checkout.sessions.create(body, {"idempotency_key": reference}))

    def session(self, id_: str) -> Reply:
        """With what was paid in it and what that cost."""
        whole = ["payment_intent.latest_charge.balance_transaction"]
        return _came(lambda: self._theirs.checkout.sessions.retrieve(id_, {"expand": whole}))

    def sessions(self) -> Reply:
        """The newest first, each in short."""
        return _came(lambda: self._theirs.checkout.sessions.list({"limit": PAGE}))

    def sessions_since(self, since_s: int, after: str) -> Reply:
        """The newest first, made since then (seconds since 1970), with what was paid; or from after that one on."""
        whole = ["data.payment_intent.latest_charge"]
        return _came(
            lambda: self._theirs.checkout.sessions.list(
                {
                    "created": {"gte": since_s},
                    "limit": WHOLE_PAGE,
                    "expand": whole,
                    **({"starting_after": after} if after else {}),
                }
            )
        )

    def intents_since(self, since_s: int, after: str) -> Reply:
        """Likewise, with what was charged."""
        whole = ["data.latest_charge"]
        return _came(
            lambda: self._theirs.payment_intents.list(
                {
                    "created": {"gte": since_s},
                    "limit": WHOLE_PAGE,
                    "expand": whole,
                    **({"starting_after": after} if after else {}),
                }
            )
        )

    def session_of(self, intent_id: str) -> Reply:
        """A list of at most one, as whole as `session`."""
        whole = ["data.payment_intent.latest_charge.balance_transaction"]
        return _came(lambda: self._theirs.checkout.sessions.list({"payment_intent": intent_id, "expand": whole}))

    def intents(self, reference: str) -> Reply:
        """The payment intents that carry our reference, however old; made known to this search within a minute."""
        return _came(lambda: self._theirs.payment_intents.search({"query": f"metadata['reference']:'{reference}'"}))

    def charge(self, body: PaymentIntentCreateParams, reference: str) -> Reply:
        """By a kept payment method, with nobody there."""
        return _came(lambda: self._theirs.payment_intents.create(body, {"idempotency_key": reference}))

    def intent(self, id_: str) -> Reply:
        """With its charge and what that cost."""
        whole = ["latest_charge.balance_transaction"]
        return _came(lambda: self._theirs.payment_intents.retrieve(id_, {"expand": whole}))

    def method(self, id_: str) -> Reply:
        return _came(lambda: self._theirs.payment_methods.retrieve(id_))

    def detach(self, id_: str) -> Reply:
        return _came(lambda: self._theirs.payment_methods.detach(id_))

    def disputes(self, intent_id: str) -> Reply:
        return _came(lambda: self._theirs.disputes.list({"payment_intent": intent_id, "limit": PAGE}))

    def refund(self, body: RefundCreateParams, reference: str) -> Reply:
        return _came(lambda: self._theirs.refunds.create(body, {"idempotency_key": reference}))

    def refunds(self, intent_id: str) -> Reply:
        whole = ["data.balance_transaction"]
        return _came(lambda: self._theirs.refunds.list({"payment_intent": intent_id, "limit": PAGE, "expand": whole}))

    def payouts(self, since_s: int, after: str) -> Reply:
        """The newest first, made since then (seconds since 1970); or from after that one on."""
        return _came(
            lambda: self._theirs.payouts.list(
                {"created": {"gte": since_s}, "limit": PAGE, **({"starting_after": after} if after else {})}
            )
        )

    def moves(self, payout_id: str, after: str) -> Reply:
        """What one payout paid out, each with the object it is of."""
        return _came(
            lambda: self._theirs.balance_transactions.list(
                {
                    "payout": payout_id,
                    "limit": PAGE,
                    "expand": ["data.source"],
                    **({"starting_after": after} if after else {}),
                }
            )
        )


def _came(ask: Callable[[], object]) -> Reply:
    try:
        ask()
    except _Came as came:
        return came.reply
    raise RuntimeError("their library answered without a call")
