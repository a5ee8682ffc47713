"""Record that our own money went to a supplier: it left the bank and stands on the float there.

    ./opla fill sandbox 500.00 --key statement-2026-11-22-9
    ./opla fill sandbox 92.00 --arrived 100.00 USD --key statement-2026-11-22-9

Where another currency arrived, what the bank made of it is the rate. The same transfer under the same key is recorded
once.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime

from opla.commands import Stop
from opla.commands.runtime import running
from opla.core.actor import Actor, Role
from opla.core.money import MINOR_DIGITS, Money
from opla.core.refusal import Code, Refusal

_OWNER = Actor(Role.OWNER, "terminal")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("supplier", help="whose float, such as sandbox")
    parser.add_argument("amount", help="how many euros left the bank, such as 500.00")
    parser.add_argument("--arrived", nargs=2, metavar="WHAT", help="what arrived, and its currency; otherwise the same")
    parser.add_argument("--key", default="", help="names the transfer (needed)")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    with running():
        from opla.operations.rates import fill_float
        from opla.operations.shop import current
        from opla.presenting.refusals import sentence

        paid = Money.parse(arguments.amount, "EUR")
        text, currency = arguments.arrived or (arguments.amount, "EUR")
        arrived = Money.parse(text, currency.upper()) if currency.upper() in MINOR_DIGITS else None
        if paid is None or arrived is None:
            done: bool | Refusal = Refusal(Code.AMOUNT_UNREADABLE, "amount")
        else:
            shop, at = current(), datetime.now(UTC)
            done = fill_float(
                _OWNER, arguments.supplier, paid=paid, arrived=arrived, key=arguments.key, shop=shop, at=at
            )
        if isinstance(done, Refusal):
            raise Stop(done.code, sentence(done))
    if arguments.json:
        print(json.dumps({"supplier": arguments.supplier, "recorded": done}))
    else:
        print("Recorded." if done else "Recorded before.")
    return 0
