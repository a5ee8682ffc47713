"""Text messages: what they cost today, and what became of the last ones.

    ./opla texts                                     parts by day, and the latest texts with their receipts
    ./opla texts try +32470123456 "TOPUP 15"         in a sandbox: what would be answered to this text
    ./opla texts start +32470123456                  text a number again for which somebody said STOP

Senders can be forged, so a STOP may be somebody else's: start where whoever has the number asks you to. Who did so is
kept.

Each part is paid for; OPLA_TEXTS_A_DAY is the most that a day may cost. Numbers and words are not shown: they are
sealed until a text leaves, and then forgotten.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime, timedelta

from opla.commands import Stop
from opla.commands.runtime import running
from opla.core.actor import Actor, Role
from opla.core.refusal import Code

_DAYS, _LATEST = 31, 40


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("act", nargs="?", choices=("show", "try", "start"), default="show")
    parser.add_argument("number", nargs="?", default="", help="who texts (try), or wants texts again (start)")
    parser.add_argument("text", nargs="?", default="", help="what they text (try)")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    if arguments.act == "try" and not arguments.text:
        raise Stop("not_found", 'Who texts what? ./opla texts try +32470123456 "TOPUP 15"')
    if arguments.act == "start" and not arguments.number:
        raise Stop("not_found", "Whom? ./opla texts start +32470123456")
    with running():
        if arguments.act == "start":
            answer, told = _start(arguments.number)
        elif arguments.act == "try":
            answer, told = _try(arguments.number, arguments.text)
        else:
            answer, told = _show()
    print(json.dumps(answer, ensure_ascii=False) if arguments.json else told)
    return 0


def _show() -> tuple[dict[str, object], str]:
    from opla.core.day import day_of
    from opla.db.queries import texts
    from opla.operations.shop import current

    at, most = datetime.now(UTC), current().texts_a_day
    days = texts.spent(day_of(at - timedelta(days=_DAYS)))
    latest = texts.latest(_LATEST)
    answer: dict[str, object] = {
        "most_a_day": most,
        "days": [{"day": day.isoformat(), "parts": parts} for day, parts in days],
        "latest": [
            {
                "at": one.made_at.isoformat(),
                "topic": one.topic,
                "order": one.ticket,
                "state": one.state,
                "parts": one.parts,
                "receipt": one.arrived,
            }
            for one in latest
        ],
    }
    lines = [f"At most {most} parts a day (OPLA_TEXTS_A_DAY)."]
    lines += [f"{day}  {parts:>6} parts" for day, parts in days]
    lines += [
        f"{one.made_at:%Y-%m-%d %H:%M}  {one.ticket or '-':<12}  {one.topic:<12} {one.state:<8} "
        f"{one.parts} parts  {one.arrived or 'no receipt'}"
        for one in latest
    ]
    return answer, "\n".join(lines)


def _start(number: str) -> tuple[dict[str, object], str]:
    from opla.operations.answer_texts import start
    from opla.operations.shop import current
    from opla.presenting.refusals import sentence

    refused = start(Actor(Role.OWNER, "terminal"), number, shop=current(), at=datetime.now(UTC))
    if refused and refused.code is Code.NOT_FOUND:
        raise Stop(refused.code, "Nobody said STOP for this number. It is written with its country: +32470123456")
    if refused:
        raise Stop(refused.code, sentence(refused))
    return {"started": True}, "This number is texted again."


def _try(number: str, text: str) -> tuple[dict[str, object], str]:
    from opla.core import sms
    from opla.core.ports import Text
    from opla.operations.answer_texts import answer
    from opla.operations.shop import current
    from opla.presenting import texting

    shop = current()
    if not shop.sandbox:
        raise Stop("not_found", "This is a real shop: send it a real text.")
    found = answer(Text(number, text), shop=shop, at=datetime.now(UTC))
    words = texting.words(found, sandbox=True) if found else ""
    parts = len(sms.written(words).parts) if words else 0
    return {"answer": words, "parts": parts}, f"{words}\n({parts} parts)" if words else "No answer."
