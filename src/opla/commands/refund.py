"""Give money back by choice: the whole price of an order, or a part of it.

    ./opla refund K7M3-9QX2-TB --reason "it never arrived"
    ./opla refund K7M3-9QX2-TB --amount 5 --reason "a kindness"
    ./opla refund K7M3-9QX2-TB --reason "the code did not work" --evidence answer.eml
    ./opla refund K7M3-9QX2-TB --approve
    ./opla refund K7M3-9QX2-TB --deny --reason "delivered after all"

Who acts is whoever is signed in to this machine. Above OPLA_REFUND_ALONE_MINOR a refund waits for somebody else to
approve it: then the exit is 3, undecided. Of a file only its hash is kept. A running worker sends the money; a
reseller's is on its float at once.
"""

from __future__ import annotations

import argparse
import json
import os
import pwd
from datetime import UTC, datetime
from pathlib import Path

from opla.commands import Stop
from opla.commands.runtime import running
from opla.core.actor import Actor, Role
from opla.core.refusal import Code, Refusal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("order", help="the order number, such as K7M3-9QX2-TB")
    parser.add_argument("--amount", help="a part of the price, such as 5.00; otherwise all that is left of it")
    parser.add_argument("--reason", default="", help="why; needed for every refund and every denial")
    parser.add_argument("--evidence", type=Path, help="the operator's answer, a file: for a code that was seen")
    decision = parser.add_mutually_exclusive_group()
    decision.add_argument("--approve", action="store_true", help="be the second person of the refund that waits")
    decision.add_argument("--deny", action="store_true", help="refuse the refund that waits")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    evidence = b""
    if arguments.evidence is not None:
        try:
            evidence = arguments.evidence.read_bytes()
        except OSError as problem:
            raise Stop("file_unreadable", f"{arguments.evidence}: {problem.strerror}") from None
    with running():
        from opla.core.money import Money
        from opla.db.queries import refunds
        from opla.operations.refund_by_choice import Evidence, approve_refund, deny_refund, refund_by_choice
        from opla.operations.shop import current
        from opla.presenting.refusals import sentence

        actor, shop, at = _who(), current(), datetime.now(UTC)
        amount = Money.parse(arguments.amount, "EUR") if arguments.amount else None
        order_id = refunds.order_by_ticket(arguments.order)
        waiting = refunds.waiting(order_id) if order_id else None
        found: refunds.Chosen | Refusal
        if order_id is None:
            found = Refusal(Code.NOT_FOUND, "order")
        elif arguments.amount and amount is None:
            found = Refusal(Code.AMOUNT_UNREADABLE, "amount")
        elif not (arguments.approve or arguments.deny):
            found = refund_by_choice(
                actor,
                order_id,
                refund_id=shop.chance.uuid(at),
                amount=amount,
                why=arguments.reason,
                evidence=Evidence(file=evidence),
                shop=shop,
                at=at,
            )
        elif waiting is None:
            found = Refusal(Code.ITEM_CLOSED, "refund")
        elif arguments.approve:
            found = approve_refund(actor, waiting.id, shop=shop, at=at)
        else:
            found = deny_refund(actor, waiting.id, why=arguments.reason, shop=shop, at=at)
        if isinstance(found, Refusal):
            raise Stop(found.code, sentence(found))
    if arguments.json:
        print(
            json.dumps(
                {
                    "refund": {
                        "id": str(found.id),
                        "order": arguments.order.strip().upper(),
                        "state": found.state,
                        "amount_minor": found.amount.amount_minor,
                        "currency": found.amount.currency,
                    }
                }
            )
        )
    else:
        said = {
            "asked": "waits for a second person: ./opla refund ORDER --approve",
            "denied": "is denied.",
            "done": "is on the reseller's float again.",
        }
        print(f"{found.amount.decimal} {found.amount.currency} {said.get(found.state, 'is on its way back.')}")
    return 3 if found.state == "asked" else 0


def _who() -> Actor:
    """The account this runs under, whatever the environment says: a second person needs a second account."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    return Actor(Role.OWNER, name)
