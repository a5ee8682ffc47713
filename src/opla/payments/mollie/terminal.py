"""Mollie's card machines on counters (`pointofsale`), keeping `Terminals` besides: one is rung by its id.

Facts: docs.mollie.com/docs/integrating-mollie-terminals and the specification (terminals, `terminalId`,
`statusReason`). The payment stays open until somebody held a card to the machine, pressed its red key, or it ran out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from opla.calling import Reply, page_of
from opla.core.ports import Answer, ChargeReport, ChargeRequest, Terminal
from opla.payments.mollie import mapping
from opla.payments.mollie.payouts import MolliePaysOut
from opla.payments.mollie.provider import Fields, Mollie, link, listed, text

_TERMINAL = re.compile(r"term_[A-Za-z0-9]{3,60}")


class MollieRings(Mollie):
    """Whoever asks for a payment says which machine it is made on: without one nothing is asked for."""

    def charge(self, request: ChargeRequest) -> ChargeReport:
        if not _TERMINAL.fullmatch(request.terminal):
            return ChargeReport(Answer.DECLINED, why="terminal_unknown")
        return self._started(request, {**self._page(request), "terminalId": request.terminal})

    def terminals(self) -> Sequence[Terminal] | None:
        reply = self._client.terminals()
        if not reply.done or not isinstance(reply.fields.get("_embedded"), dict):
            return None
        return [
            Terminal(
                text(one, "id"),
                text(one, "description"),
                text(one, "currency"),
                mapping.TERMINAL.get(text(one, "status")) == "ready",
            )
            for one in listed(reply, "terminals")
            if text(one, "mode") == self._mode
        ]

    def _told(self, fields: Fields, reference: str, reply: Reply) -> ChargeReport:
        report, reason = super()._told(fields, reference, reply), fields.get("statusReason")
        if report.answer is Answer.PENDING and self._mode == "test":
            # Where no card can be held to anything, a page of theirs says what the machine did.
            return replace(report, redirect_url=page_of(link(fields, "changePaymentState"), self._base_url))
        if report.answer is not Answer.DECLINED:
            return report
        words = text(reason, "code") if isinstance(reason, dict) else "", text(fields, "status")
        return replace(
            report, why=next((mapping.AT_TERMINAL[w] for w in words if w in mapping.AT_TERMINAL), report.why)
        )


class MollieRingsAndPaysOut(MolliePaysOut, MollieRings):
    """Where the owner gave a token that may read what was paid out."""
