"""A product of theirs: what arrives, and what is sent for it.

Two amounts belong to it. What we send is in the currency of our account; what arrives is the face value, in the
operator's. Of a product with one amount both are listed; of a range they are asked for what to send so that it arrives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from opla.calling import Reply, told_money
from opla.core.money import Money
from opla.core.ports import Kind, Listed
from opla.suppliers.ding import mapping

Fields = Mapping[str, object]


@dataclass(frozen=True)
class Price:
    """`sends` is what a transfer names, `fee` is added to what it costs us, `arrives` is what it is worth there."""

    sends: Money
    fee: Money
    arrives: Money

    @classmethod
    def read(cls, value: object) -> Self | None:
        """None for what is no price, or one in a currency that nobody here knows."""
        if not isinstance(value, dict):
            return None
        ours, theirs = value.get("SendCurrencyIso"), value.get("ReceiveCurrencyIso")
        sends, fee = told_money(value.get("SendValue"), ours), told_money(value.get("DistributorFee"), ours)
        arrives = told_money(value.get("ReceiveValue"), theirs)
        if (
            not (sends and fee and arrives)
            or min(sends.amount_minor, arrives.amount_minor) <= 0
            or fee.amount_minor < 0
        ):
            return None
        return cls(sends, fee, arrives)


@dataclass(frozen=True)
class Product:
    sku: str
    provider: str
    name: str
    kind: Kind
    least: Price
    most: Price
    uat_number: str

    @property
    def fixed(self) -> bool:
        return self.least == self.most

    def sells(self, face: Money) -> bool:
        least, most = self.least.arrives, self.most.arrives
        return face.currency == least.currency == most.currency and least <= face <= most

    def listed(self, operator: str, country: str) -> Listed:
        """Its cost is told before any commission, which their list states as a rate without saying of what."""
        cost = self.least.sends + self.least.fee
        return Listed(
            sku=self.sku,
            name=self.name,
            operator=operator,
            country=country,
            kind=self.kind,
            currency=self.least.arrives.currency,
            min_minor=self.least.arrives.amount_minor,
            max_minor=self.most.arrives.amount_minor,
            cost_minor=cost.amount_minor,
            cost_currency=cost.currency,
        )


def product_of(fields: Fields) -> Product | None:
    """None for what no SIM has, what needs steps or details that we do not have, and what cannot be read."""
    reply, benefits = Reply(fields=fields), fields.get("Benefits")
    sku, provider = reply.text("SkuCode"), reply.text("ProviderCode")
    kind = mapping.REDEMPTION.get(reply.text("RedemptionMechanism") or "")
    least, most = Price.read(fields.get("Minimum")), Price.read(fields.get("Maximum"))
    if not (sku and provider and kind and least and most) or most.arrives.currency != least.arrives.currency:
        return None
    of_a_sim = isinstance(benefits, list) and any(one in mapping.OF_A_SIM for one in benefits if isinstance(one, str))
    if not of_a_sim or fields.get("LookupBillsRequired") is True or _wants_more(fields.get("SettingDefinitions")):
        return None
    name, number = reply.text("DefaultDisplayText") or sku, reply.text("UatNumber") or ""
    return Product(sku, provider, name, kind, least, most, number)


def _wants_more(definitions: object) -> bool:
    if not isinstance(definitions, list):
        return definitions is not None
    return any(not isinstance(one, dict) or one.get("IsMandatory") is not False for one in definitions)
