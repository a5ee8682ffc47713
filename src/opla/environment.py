"""Every setting that an owner may give, by the environment: the whole table. The reference page is made from it.

Where each is read stands beside what it is for; a test holds its name and its default here against what is read there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Setting:
    """`default` is what is read where nothing is given; `otherwise` says it in words, where a value would not."""

    name: str
    means: str
    default: str = ""
    otherwise: str = ""


@dataclass(frozen=True, slots=True)
class Adapter:
    """What an owner may fill in of one adapter: `fields` are whole names, whether each is a secret, and its default."""

    name: str
    told: str
    fields: Sequence[tuple[str, bool, str]]


#: In groups, as an owner comes to them.
SETTINGS: Final[Mapping[str, tuple[Setting, ...]]] = {
    "The shop": (
        Setting("OPLA_SANDBOX", "`0` is a live shop", "1"),
        Setting("OPLA_URL", "how the shop is reached from outside", "http://127.0.0.1:8000", "where `up` listens"),
        Setting("OPLA_HOSTS", "host names it answers to, with commas", "127.0.0.1,localhost,[::1]"),
        Setting(
            "OPLA_PROXIES",
            "how many proxies of yours are in front; the outermost one's word for a visitor's address is taken",
            "0",
        ),
        Setting("OPLA_SHOP_NAME", "what the shop is called on its own pages", "Opla"),
        Setting("OPLA_SHOP_COMPANY", "who sells: the company's name, shown at `/about/` and in the terms"),
        Setting("OPLA_ENTERPRISE_NUMBER", "its number in the register of enterprises"),
        Setting("OPLA_SHOP_ADDRESS", "where it is established"),
        Setting(
            "OPLA_SHOP_DOMAINS",
            "further domains that are yours, with commas; `/about/` names them so that a fake is recognised",
            "",
            "that of `OPLA_URL`",
        ),
        Setting(
            "OPLA_TERMS_CONFIRMED",
            "the day you confirmed `/terms/` and `/withdrawal/` with a lawyer, such as `2026-11-02`; until then the "
            "pages say that you have not",
        ),
        Setting("OPLA_CONTACT", "how people reach you; shown on the help page as written"),
    ),
    "Money": (
        Setting(
            "OPLA_PAYMENT_METHODS",
            "the ways of paying people choose between, with spaces, in this order",
            "",
            "none; in the sandbox its own",
        ),
        Setting(
            "OPLA_SUPPLIERS",
            "the suppliers asked beside your own shelves, with spaces; of equals in this order",
            "",
            "none; in the sandbox its own",
        ),
        Setting(
            "OPLA_TRY",
            "whose [stand-ins](../howto/go-live.md#try-it-before-you-have-keys) answer in their place, with spaces; in "
            "the sandbox alone",
        ),
        Setting(
            "OPLA_SERVICE_FEE",
            "your fee on top of the face value, such as `0.50`, VAT included, until you [approve one on the "
            "page](../howto/change-a-price.md)",
            "0.00",
        ),
        Setting("OPLA_CASH_HOURS", "how long an order waits for cash at one of your places, in hours", "48"),
        Setting(
            "OPLA_REFUND_CAP_MINOR",
            "refunds by rule in one day, in cents; beyond it they wait for the next day and become items",
            "50000",
        ),
        Setting(
            "OPLA_REFUND_ALONE_MINOR",
            "what one order may be given back by choice, in cents, before a second person is needed",
            "5000",
        ),
        Setting(
            "OPLA_SECOND_PERSON_MINOR",
            "when a person gives away more than this by resolving an item, in cents, a second one must agree",
            "10000",
        ),
        Setting("OPLA_BANK_IBAN", "your own account, where people may [transfer to](../howto/take-bank-transfers.md)"),
        Setting("OPLA_BANK_HOLDER", "the name it is in"),
        Setting("OPLA_BANK_BIC", "its bank; may stay away"),
        Setting(
            "OPLA_CHART",
            "the file of the numbers that [months are exported](../howto/close-a-month.md) under",
            "",
            "`catalogs/accounts.yaml`",
        ),
    ),
    "Messages": (
        Setting(
            "OPLA_TEXTS_A_DAY",
            "parts of text messages that one day may cost; then texts stay unsent, and mails go on",
            "1000",
        ),
        Setting("OPLA_BOUNCES", "the Maildir that `./opla bounce` reads reports of mail that came back from"),
    ),
    "The machine": (
        Setting(
            "DATABASE_URL",
            "your PostgreSQL, as the shop's role; [several servers](../howto/scale-out.md) with commas",
            "",
            "the one that comes with Opla",
        ),
        Setting("DATABASE_OWNER_URL", "the same, as the owner of the tables", "", "`DATABASE_URL`"),
        Setting(
            "OPLA_POSTGRES_BIN", "PostgreSQL's programs, where the packaged ones do not suit", "", "found by itself"
        ),
        Setting("OPLA_VAR", "the folder for everything this copy keeps", "", "`var`"),
        Setting("OPLA_KEYS", "the file of the keys", "", "`var/keys.json`"),
        Setting(
            "OPLA_LIVE_MONTHS",
            "closed months that stay where the newest are, before they are [archived](../howto/keep-old-months.md)",
            "18",
        ),
        Setting("OPLA_LOG", "`json` or `words` on stderr", "", "`words` at a terminal, else `json`"),
        Setting(
            "OPLA_METRICS_TOKEN",
            "who may read [`/metrics`](../howto/watch-a-shop.md), by `Authorization: Bearer`",
            "",
            "none: nobody",
        ),
        Setting("OPLA_DEBUG", "any value: a broken command also prints its traceback"),
    ),
}

#: What one process of ours tells another, what tests are told, and what the examples for programs that call us use.
OURS: Final = frozenset(
    {"OPLA_DSN_APP", "OPLA_DSN_OWNER", "OPLA_PARENT", "OPLA_TEST_FULL", "OPLA_JUDGES", "OPLA_BROWSER", "OPLA_SPECS",
     "OPLA_KEY"}
)  # fmt: skip

#: Whose settings have names of their own: `OPLA_<AREA>_<NAME>_<FIELD>`.
AREAS: Final = ("payments", "suppliers", "notices")
#: Keys for trying the real services, which nothing but tests reads.
_LIVE: Final = "OPLA_TRY_"


def unread(environ: Iterable[str], adapters: Iterable[str]) -> list[str]:
    """Names that look like settings and that nobody reads: a slip of the hand, or of an older release.

    `adapters` are the settings of the adapters, such as `OPLA_PAYMENTS_MOLLIE_KEY`.
    """
    known = {setting.name for group in SETTINGS.values() for setting in group} | OURS | set(adapters)
    known |= {f"{name}_FILE" for name in known}
    return sorted(
        name for name in environ if name.startswith("OPLA_") and name not in known and not name.startswith(_LIVE)
    )
