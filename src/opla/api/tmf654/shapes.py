"""Our things in their words, and theirs in ours. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from opla.core.money import Money
from opla.core.order import State
from opla.core.reselling import Line, Sold

BASE: Final = "/tmf-api/prepayBalanceManagement/v4"

Json: TypeAlias = str | int | float | bool | list["Json"] | dict[str, "Json"] | None
Shape: TypeAlias = dict[str, Json]

#: Where an order stands → ActionStatusType.
STATUS: Final[dict[State, str]] = {
    State.PLACED: "created",
    State.PAID: "created",
    State.DELIVERED: "completed",
    State.REFUNDING: "cancelled",
    State.REFUNDED: "cancelled",
    State.CANCELLED: "failed",
}


class Theirs(BaseModel):
    """Extensible by their rules: what we do not know is passed over."""

    model_config = ConfigDict(extra="ignore", str_max_length=4000, populate_by_name=True)


class Ref(Theirs):
    id: str = Field(min_length=1)


class Quantity(Theirs):
    amount: Decimal
    units: str = "EUR"


class Resource(Theirs):
    """A number: by `value`, as their examples have it, or as the id."""

    id: str = Field(min_length=1)
    value: str = ""


class Topup(Theirs):
    """TopupBalance_Create, as far as it decides anything here."""

    amount: Quantity
    usage_type: str = Field(alias="usageType")
    bucket: Ref
    party_account: Ref = Field(alias="partyAccount")
    logical_resource: list[Resource] = Field(default=[], alias="logicalResource", max_length=1)
    product: list[Ref] = Field(default=[], max_length=1)
    voucher: str = ""
    is_auto_topup: bool = Field(default=False, alias="isAutoTopup")

    @property
    def number(self) -> str:
        return self.logical_resource[0].value or self.logical_resource[0].id if self.logical_resource else ""

    @property
    def sku(self) -> str:
        return self.product[0].id if self.product else ""


class Change(Theirs):
    """TopupBalance_Update: its status is all that can be changed."""

    status: str


def decimal(amount: Decimal) -> str:
    """As our own money is read; what cannot be is left for its reader to refuse."""
    try:
        return f"{amount.quantize(Decimal('0.01')):f}" if amount == amount.quantize(Decimal("0.01")) else str(amount)
    except InvalidOperation:
        return str(amount)


def quantity(money: Money) -> Shape:
    """Their amounts are numbers; of two decimals a float keeps every one below 90 million million."""
    return {"amount": float(money.decimal), "units": money.currency}


def account(reseller: str) -> Shape:
    return {"id": reseller, "@referredType": "PartyAccount"}


def float_ref(currency: str) -> Shape:
    return {"id": f"float-{currency}", "href": f"{BASE}/bucket/float-{currency}", "@referredType": "Bucket"}


def topup(found: Sold, reseller: str) -> Shape:
    shown: Shape = {
        "id": str(found.id),
        "href": f"{BASE}/topupBalance/{found.id}",
        "status": STATUS[found.state],
        "requestedDate": found.placed_at.isoformat(),
        "description": found.product_name,
        "reason": found.key,
        "amount": quantity(found.price.face),
        "usageType": "monetary",
        "bucket": {"id": found.operator, "@referredType": "Bucket"},
        "partyAccount": account(reseller),
        "product": [{"id": found.sku, "name": found.product_name, "@referredType": "Product"}],
        "@type": "TopupBalance",
    }
    if found.number:
        shown["logicalResource"] = [{"id": found.number, "@referredType": "MSISDN"}]
    if found.ended_at:
        shown["confirmationDate"] = found.ended_at.isoformat()
    return shown


def bucket(free: Money, held: Money, reseller: str) -> Shape:
    return {
        **float_ref(free.currency),
        "name": "float",
        "status": "active",
        "usageType": "monetary",
        "isShared": False,
        "remainingValue": quantity(free),
        "remainingValueName": f"{free.decimal} {free.currency}",
        "reservedValue": quantity(held),
        "partyAccount": account(reseller),
        "@type": "Bucket",
    }


def accumulated(balance: Money, reseller: str) -> Shape:
    name = f"float-{balance.currency}"
    return {
        "id": name,
        "href": f"{BASE}/accumulatedBalance/{name}",
        "name": "float",
        "totalBalance": quantity(balance),
        "bucket": [float_ref(balance.currency)],
        "partyAccount": account(reseller),
        "@type": "AccumulatedBalance",
    }


def action(found: Line, reseller: str) -> Shape:
    """A movement of the float: into it positive, out of it negative."""
    name = f"{int(found.at.timestamp() * 1_000_000)}-{found.event_id}"
    return {
        "id": name,
        "href": f"{BASE}/balanceActionHistory/{name}",
        "status": "completed",
        "confirmationDate": found.at.isoformat(),
        "reason": found.name,
        "description": found.key,
        "amount": quantity(found.moved),
        "usageType": "monetary",
        "bucket": float_ref(found.moved.currency),
        "partyAccount": account(reseller),
        "receiverLogicalResource": {"id": f"float-{found.moved.currency}", "@referredType": "Float"},
        "@type": "BalanceActionHistory",
    }


#: What their document requires of each thing, whichever fields somebody asked for.
_ALWAYS: Final[dict[str, frozenset[str]]] = {
    "TopupBalance": frozenset({"id", "href", "status"}),
    "Bucket": frozenset({"id", "href"}),
    "AccumulatedBalance": frozenset({"id", "href", "bucket", "name", "totalBalance"}),
    "BalanceActionHistory": frozenset({"id", "href", "status", "receiverLogicalResource"}),
}


def only(shown: Shape, fields: str) -> Shape:
    """`?fields=a,b`: those, and always what a thing is known by and may not lack."""
    wanted = {name.strip() for name in fields.split(",") if name.strip()}
    always = _ALWAYS[str(shown["@type"])]
    return shown if not wanted else {name: value for name, value in shown.items() if name in wanted | always}


def fits(shown: Json, path: str, wanted: str) -> bool:
    """Whether what stands at `a.b.c` is this text; of a list, whether it stands in one of its members."""
    name, _, rest = path.partition(".")
    if isinstance(shown, list):
        return any(fits(one, path, wanted) for one in shown)
    if not isinstance(shown, Mapping) or name not in shown:
        return False
    found = shown[name]
    if rest:
        return fits(found, rest, wanted)
    if isinstance(found, list):
        return any(_as_text(one) == wanted for one in found)
    return _as_text(found) == wanted


def _as_text(value: Json) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
