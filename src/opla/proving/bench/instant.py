"""A counterpart inside the worker's own process, which answers at once: what is left to be measured is ours."""

from __future__ import annotations

from opla.core.ports import (
    Answer,
    Charges,
    Message,
    PostsWebhooks,
    Promises,
    Pushes,
    Refunds,
    SendReport,
    SendRequest,
    Sends,
    SendsTexts,
    Tells,
)


class Instant:
    """`operations.outside.Outside`: every delivery succeeds at 4 % below face value, every message arrives."""

    promises = Promises(refuses_repeat=True, find_by_reference=True, max_seconds=5)

    def send(self, request: SendRequest) -> SendReport:
        return SendReport(Answer.SUCCEEDED, request.reference, request.face.amount_minor * 96 // 100)

    def tell(self, message: Message) -> Answer:  # noqa: ARG002 - read by nobody
        return Answer.SUCCEEDED

    def supplier(self, name: str) -> Sends:  # noqa: ARG002 - there is one
        return self

    def tells(self) -> Tells:
        return self

    def pushes(self) -> Pushes:
        raise LookupError("nobody here asked for a push")

    def webhooks(self) -> PostsWebhooks:
        raise LookupError("no reseller here has an endpoint")

    def payment(self, name: str) -> Charges:
        raise LookupError(f"{name}: orders from a float need no payment")

    def refunds(self, name: str) -> Refunds:
        raise LookupError(f"{name}: orders from a float need no refund")

    def sends_texts(self) -> SendsTexts | None:
        return None

    def longest_call_s(self) -> int:
        return self.promises.max_seconds
