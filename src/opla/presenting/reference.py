"""The reference pages, made from the tables the program runs by, so that they cannot say anything else.

Pure: from tables to Markdown. `opla.commands._reference` writes them to `docs/reference/`; a test proves them fresh.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Final

from opla.core import api_sandbox, attempt, card, ledger, order, payment, print_job, refund, voucher
from opla.core.actor import MAY, Act, Role
from opla.core.endpoint import PORTS, REFUSED
from opla.core.ledger import Phase, Posting
from opla.core.metric import AGES, METRICS, OLDER
from opla.core.money import Money
from opla.core.refusal import TRANSIENT, Code, Refusal
from opla.core.webhook import AGAIN_AFTER_S, EVENTS, FIELDS
from opla.db import setup
from opla.environment import SETTINGS, Adapter
from opla.presenting import problems
from opla.presenting.languages import speaking
from opla.presenting.problems import OTHERWISE, STATUS
from opla.presenting.refusals import sentence

_MADE: Final = "<!-- Made by `./opla _reference`: change the table in `{source}`, not this page. -->"

#: What a sentence with figures is shown with. The others need none.
_EXAMPLES: Final[dict[Code, dict[str, str]]] = {
    Code.NUMBER_TOO_SHORT: {"missing": "2"},
    Code.NUMBER_TOO_LONG: {"extra": "2"},
    Code.NUMBER_FOREIGN: {"country": "FR"},
    Code.NUMBER_NOT_MOBILE: {"kind": "machine"},
    Code.SIM_CHECK_DIGIT: {"kind": "iccid"},
    Code.AMOUNT_NOT_OFFERED: {"offered": "1500 2500 5000", "currency": "EUR"},
    Code.AMOUNT_BELOW_MIN: {"min": "500", "currency": "EUR"},
    Code.AMOUNT_ABOVE_MAX: {"max": "5000", "currency": "EUR"},
    Code.AMOUNT_OFF_STEP: {"min": "500", "step": "100", "currency": "EUR"},
    Code.LINE_UNREADABLE: {"field": "buckets.0.ends"},
    Code.ANOTHER_ACTIVE: {"until": "2026-12-02T13:05:00+00:00"},
    Code.CREDIT_TOO_LOW: {"needed": "2500", "have": "1250", "currency": "EUR"},
    Code.KEY_REUSED: {"field": "amount"},
    Code.WEBHOOK_URL_REFUSED: {"why": "https"},
    Code.COLUMNS_WRONG: {"unknown": "opening_hour"},
    Code.CELL_INVALID: {"row": "3", "column": "phone", "why": "phone", "of": "phone"},
    Code.ROW_INVALID: {"row": "3"},
    Code.DAY_OUT_OF_ORDER: {"day": "2026-11-21"},
    Code.MONTH_OUT_OF_ORDER: {"month": "2026-10"},
    Code.MONTH_DAYS_OPEN: {"day": "2026-11-21"},
    Code.MONTH_NOT_CLOSED: {"month": "2026-11"},
    Code.CHART_INVALID: {"what": "accounts.yaml:14: kinds.bank.number: must be 2 to 8 digits, in quotes"},
    Code.FILE_TOO_LARGE: {"most": "2"},
    Code.MESSAGE_TOO_LONG: {"most": "2000"},
}

_REFUND_NOTE: Final = (
    "A refund's own money is posted by the order it belongs to (`refunded`, `second_refunded`) or, for what was paid "
    "beyond the orders, by the payment (`extra_refunded`). What the provider keeps for it (`fee_kept`) is its own."
)
_CARD_NOTE: Final = (
    "What a card's own arrow posts is what its order's arrow of the same moment does not: the first card that is "
    "handed over is paid for by `delivered`, and given back by `returned` or `card_lost`. So an amount here is the "
    "card's cost, or the difference between it and what the order paid, or nothing, and then there is no line."
)
_SLOT_NOTE: Final = (
    "`payer` is what the payment provider owes us (`psp_clearing`); `source` is the float at the supplier, or our own "
    "codes or cards at cost; `bought` is the source too, or, where it takes another currency than the order's, the "
    "position of the two currencies (`fx`), whose other side `cost_abroad` moves. Held and released lines move pending "
    "columns only."
)


@dataclass(frozen=True)
class Option:
    """One argument of a command, as its parser knows it."""

    written: str
    told: str


@dataclass(frozen=True)
class Command:
    """One command of `./opla`: its docstring and its arguments."""

    name: str
    told: str
    options: Sequence[Option]


def pages(commands: Iterable[Command], adapters: Iterable[Adapter]) -> dict[str, str]:
    """Every page of the generated reference, by its file name."""
    return {
        "api-sandbox.md": played(),
        "arrows.md": arrows(),
        "commands.md": command_line(commands),
        "metrics.md": metrics(),
        "refusals.md": refusals(),
        "roles.md": roles(),
        "settings.md": settings(adapters),
        "webhooks.md": webhooks(),
    }


def settings(adapters: Iterable[Adapter]) -> str:
    told = (
        "All by environment, read at start. Any of them may lie in a file instead, whose name is the setting with "
        "`_FILE` behind it: `OPLA_PAYMENTS_MOLLIE_KEY_FILE=/run/secrets/mollie`. `./opla doctor` names those that are "
        "set and that nobody reads."
    )
    parts = []
    for group, members in SETTINGS.items():
        rows = [[f"`{one.name}`", one.means, one.otherwise or (f"`{one.default}`" if one.default else "none")]
                for one in members]  # fmt: skip
        parts.append(f"## {group}\n\n{_table(['setting', 'means', 'default'], rows)}")
    parts.append(
        "## Adapters\n\nOnly those that are named in `OPLA_PAYMENT_METHODS` or `OPLA_SUPPLIERS`, or are to send "
        "messages, are read. How each is set up says [going live](../howto/go-live.md)."
    )
    for adapter in adapters:
        rows = [[f"`{name}`", "yes" if secret else "", default] for name, secret, default in adapter.fields]
        parts.append(f"### {adapter.name}\n\n{adapter.told}\n\n{_table(['setting', 'secret', 'default'], rows)}")
    return _page("Settings", "src/opla/environment.py", told, *parts)


def refusals() -> str:
    rows = []
    for code in Code:
        refusal = Refusal(code, params=_EXAMPLES.get(code, {}))
        said = []
        for language in ("en", "zh-Hans"):
            with speaking(language):
                said.append(sentence(refusal))
        rows.append([f"`{code}`", str(STATUS.get(code, OTHERWISE)), *said, "yes" if code in TRANSIENT else ""])
    told = (
        "Every business “no” has a code that is never renamed and never means something else. Where several apply, the "
        "one that stands higher here is said. *Later* means: the same request may succeed later, unchanged. Figures "
        "are examples. *HTTP* is the status of the answer of [the API](openapi.json)."
    )
    head = ["code", "HTTP", "English", "简体中文", "later"]
    return _page("Refusals", "src/opla/core/refusal.py", told, _table(head, rows))


def arrows() -> str:
    told = (
        "What may happen to money and goods, row by row. Whatever is not in these tables is a contradiction: it is "
        "kept as evidence, a person gets an item, and no money moves. The names under *posts* are the lines of the "
        "last table; a line of nothing (no fee, no loss) is not written."
    )
    orders = [[str(s), str(e), str(a.target), _reasons(a.postings)] for (s, e), a in order.ARROWS.items()]
    payments = [[str(s), str(e), str(t), _reasons(p)] for (s, e), (t, p) in payment.ARROWS.items()]
    refunds = [
        [source, event, target, ", ".join(lines)]
        for about, source, event, target, lines in setup.arrows()
        if about == "refund"
    ]
    cards = [[str(s), str(e), str(a.target), _reasons(a.postings)] for (s, e), a in card.ARROWS.items()]
    vouchers = [[str(s), str(e), str(a.target), _reasons(a.postings)] for (s, e), a in voucher.ARROWS.items()]
    head = ["state", "event", "leads to", "posts"]
    attempts = [[str(s), str(a), str(t)] for (s, a), t in attempt.NEXT.items()]
    only_charges = [[str(s), str(a), str(t)] for (s, a), t in attempt.NEXT_CHARGE.items() if (s, a) not in attempt.NEXT]
    slips = [[str(s), str(e), str(t)] for (s, e), t in print_job.ARROWS.items()]
    postings = [p for p in vars(ledger).values() if isinstance(p, Posting)]
    parts = [
        *("## An order", _drawing(order), _table(head, orders)),
        *("## A payment", _drawing(payment), _table(head, payments)),
        *("## A refund", _drawing(refund), _table(head, refunds)),
        _REFUND_NOTE,
        *("## A SIM card", _drawing(card), _table(head, cards)),
        _CARD_NOTE,
        *("## A voucher", _drawing(voucher), _table(head, vouchers)),
        *("## An attempt", _drawing(attempt), _table(["state", "answer", "leads to"], attempts)),
        "A charge alone may also turn, because a session called expired can still be paid:",
        _table(["state", "answer", "leads to"], only_charges),
        *("## A slip", _drawing(print_job), _table(["state", "event", "leads to"], slips)),
        *("## The lines of the journal", _table(["line", "debits", "credits", "moves"], map(_posting, postings))),
        _SLOT_NOTE,
    ]
    return _page("Arrows and postings", "src/opla/core/", told, *parts)


def played() -> str:
    told = (
        "A key made with `./opla reseller key NAME --sandbox` orders nothing real, in a live shop either: no supplier "
        "is asked, no money moves, codes begin with `0000` and open nothing, and nobody is written to. The same "
        'addresses answer it in the same shapes, with `"sandbox": true`. The last three digits of the number say what '
        "happens; a code ordered without a number is delivered at once, and with one it does what the number says. "
        "Seconds count from the order, and every ending has come to its end within a minute."
    )
    rows = [[f"…{e.digits}", e.meaning, _path(e)] for e in api_sandbox.ENDINGS]
    rows.append(["anything else", api_sandbox.AT_ONCE.meaning, _path(api_sandbox.AT_ONCE)])
    rest = (
        f"A float of {Money(api_sandbox.FLOAT_MINOR, 'EUR').decimal} EUR of play money lies there every midnight in "
        f"Brussels, whatever was spent the day before, for up to {api_sandbox.MOST_A_DAY} orders a day. Statements "
        f"begin that midnight too. A played order is gone after {api_sandbox.KEPT.days} days. An unseen code may be "
        "given back, as a real one."
    )
    head = ["number ends in", "what happens", "what you see"]
    return _page("Sandbox keys", "src/opla/core/api_sandbox.py", told, _table(head, rows), rest)


def _path(ending: api_sandbox.Ending) -> str:
    if ending.refused:
        return f"{problems.status_of([ending.refused])} `{ending.refused.code}`, nothing is placed"
    return ", ".join(f"`{state}`" + (f" after {s} s" if s else "") for s, state in ending.path)


def command_line(commands: Iterable[Command]) -> str:
    told = (
        'With `--json`, stdout is exactly one object, also on refusal: `{"refusal": {"code", "message"}}`; '
        "everything for people goes to stderr. Exit 0 done, 1 refused or broken, 2 usage, 3 undecided."
    )
    parts = []
    for command in commands:
        first, _, rest = command.told.partition("\n")
        parts += [f"## {command.name}", first]
        if rest.strip():
            parts.append("```text\n" + textwrap.dedent(rest).strip("\n") + "\n```")
        if command.options:
            parts.append(_table(["argument", "what it does"], [[f"`{o.written}`", o.told] for o in command.options]))
    return _page("Commands", "src/opla/commands/", told, *parts)


def roles() -> str:
    told = (
        "Every operation takes an actor and asks this one table, so that shop, terminal and workers cannot drift "
        "apart. Whether a customer's order is *theirs* is asked besides."
    )
    rows = [[f"`{act}`", *("yes" if act in MAY[role] else "" for role in Role)] for act in Act]
    return _page("Roles and acts", "src/opla/core/actor.py", told, _table(["act", *map(str, Role)], rows))


def metrics() -> str:
    told = (
        "What `/metrics` and `./opla metrics` tell Prometheus. [How to watch a shop](../howto/watch-a-shop.md) has the "
        "address, its token and the alarms. Figures *of the database* are the same on every machine: of several, take "
        "one (`max`), never their sum. Those *of processes* are of the machine that is asked, and go on counting when "
        "its processes are started again. `age` is how long something has waited: "
        + ", ".join(f"`{age}`" for age in AGES)
        + f" at most, or `{OLDER}`. Money is in minor units of its `currency`. No label names an order or a person."
    )
    rows = [
        [
            f"`{name}`",
            str(metric.kind),
            ", ".join(f"`{label}`" for label in metric.labels),
            str(metric.source),
            metric.told + (f" Buckets up to {_edges(metric.bounds_ms)} s." if metric.bounds_ms else ""),
        ]
        for name, metric in METRICS.items()
    ]
    head = ["metric", "kind", "labels", "of", "what it says"]
    return _page("Metrics", "src/opla/core/metric.py", told, _table(head, rows))


def _edges(bounds_ms: Sequence[int]) -> str:
    return ", ".join(f"{edge / 1000:g}" for edge in bounds_ms)


def webhooks() -> str:
    told = (
        "What is posted to a reseller's endpoints, as JSON: `type`, `timestamp` (when it happened, UTC) and `data`. It "
        "is signed as [Standard Webhooks](https://www.standardwebhooks.com) says. No payload carries a code, a number "
        "or an address. Messages come in any order, and now and then more than once: under the same `webhook-id`."
    )
    events = [
        [f"`{event}`", when, ", ".join(f"`{name}`" for name in fields)] for event, (when, fields) in EVENTS.items()
    ]
    fields = [[f"`{name}`", kind, means] for name, (kind, means) in FIELDS.items()]
    tries, after_s = [["1", "at once"]], 0
    for n, again_s in enumerate(AGAIN_AFTER_S, start=2):
        after_s += again_s
        tries.append([str(n), _span(after_s)])
    networks = [[f"`{network}`", what] for network, what in REFUSED.items()]
    return _page(
        "Webhooks",
        "src/opla/core/webhook.py",
        told,
        "## Events",
        _table(["type", "when", "data"], events),
        "## Fields of data",
        "Money is an object: `amount_minor` 1500 of `currency` EUR is € 15.00. Events and fields may be added; none is "
        "renamed or taken away.",
        _table(["field", "type", "what it says"], fields),
        "## When it is tried again",
        "Any status from 200 to 299 within 10 seconds is “taken”; everything else is tried again, redirects included, "
        "which are not followed. Each wait is longer by up to a fifth, by chance; `Retry-After` (in seconds, up to a "
        "day) is heeded. 410 ends the endpoint at once, and so do three days of nothing but failures: its people are "
        "told by e-mail.",
        _table(["try", "after the first"], tries),
        "## Addresses that are never called",
        "A name is looked up once for every try, every address it leads to must be public, and the connection is made "
        f"to one of those very addresses, at port {' or '.join(map(str, sorted(PORTS)))}, with TLS. A sandbox shop "
        "also posts to `http://127.0.0.1`, `http://[::1]` and `http://localhost`, at any port.",
        _table(["network", "what it is"], networks),
    )


def _reasons(postings: Iterable[Posting]) -> str:
    return ", ".join(str(posting.reason) for posting in postings)


def _posting(posting: Posting) -> list[str]:
    moves = "posted" if posting.phase is Phase.POSTED else "pending"
    return [str(posting.reason), str(posting.debit), str(posting.credit), moves]


def _drawing(module: ModuleType) -> str:
    """The drawing that a state file opens with: the block with arrows in its docstring."""
    blocks = inspect.cleandoc(module.__doc__ or "").split("\n\n")
    drawn = next((block for block in blocks if "▶" in block), "")
    return f"```text\n{drawn}\n```"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _page(title: str, source: str, told: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", _MADE.format(source=source), told, *parts]) + "\n"


def _span(seconds: int) -> str:
    """A span as hours, minutes and seconds: 3:05:30."""
    minutes, left_s = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left_s:02}"
