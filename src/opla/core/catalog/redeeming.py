"""How a person turns a code into credit: what to dial or text, ready to tap."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote

from opla.core.catalog.cell import UNKNOWN, Cell, Sure
from opla.core.catalog.model import Method, Operator


class RedeemBy(StrEnum):
    USSD = "ussd"
    SMS = "sms"
    CALL = "call"
    WEB = "web"
    APP = "app"
    CARE = "care"  # no way is known for this operator: its customer care or website knows


@dataclass(frozen=True)
class Redemption:
    """One way. What holds the code is left out of `repr`, because codes are money and logs are read by many."""

    kind: RedeemBy
    evidence: Cell[object]
    dial: str = field(default="", repr=False)
    tel_uri: str = field(default="", repr=False)
    sms_to: str = ""
    sms_body: str = field(default="", repr=False)
    sms_uri: str = field(default="", repr=False)
    url: str = ""

    @property
    def sure(self) -> Sure:
        return self.evidence.sure

    @property
    def source(self) -> str:
        return self.evidence.source


def redeem(operator: Operator, code: str) -> list[Redemption]:
    """The ways known for this operator, best first; where none is known, one that says so and points to care."""
    ways = [_way(cell, cell.value, code) for cell in operator.redeem if cell.value is not None]
    return ways or [_care(operator)]


def group(code: str) -> str:
    """The code as people read it aloud: `4821 9034 7715 2`."""
    bare = "".join(code.split())
    return " ".join(bare[i : i + 4] for i in range(0, len(bare), 4))


def tel_uri(dial: str) -> str:
    """A `tel:` link. A bare `#` would begin a fragment, and the phone would dial without it."""
    return "tel:" + quote(dial, safe="*+")


def _way(cell: Cell[Method], method: Method, code: str) -> Redemption:
    bare = "".join(code.split())
    dial, body = (text.replace("{code}", bare) for text in (method.dial, method.body))
    return Redemption(
        kind=RedeemBy(method.kind),
        evidence=cell,
        dial=dial,
        tel_uri=tel_uri(dial) if dial else "",
        sms_to=method.to,
        sms_body=body,
        sms_uri=f"sms:{method.to}?body={quote(body)}" if method.to else "",
        url=method.url,
    )


def _care(operator: Operator) -> Redemption:
    dial = operator.care_dial.value or operator.care_abroad.value or ""
    return Redemption(
        RedeemBy.CARE, UNKNOWN, dial, tel_uri(dial) if dial else "", operator.care_text.value or "",
        url=operator.website.value or "",
    )  # fmt: skip
