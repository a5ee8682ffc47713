"""A price list such as an account at DT One has. Every figure and name is invented; the shape is their document's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Product:
    """`cost_minor` is what the least amount costs, in euro cents; one amount only where least and most are the same."""

    id: int
    name: str
    operator: str
    type: str
    least_minor: int
    most_minor: int
    cost_minor: int
    country: str = "BEL"
    unit: str = "EUR"
    service: int = 1
    wants: str = ""  # what they ask for beside the number

    @property
    def pin(self) -> bool:
        return "PIN" in self.type and self.service != 13

    @property
    def ranged(self) -> bool:
        return self.type.startswith("RANGED")

    @property
    def asks_number(self) -> bool:
        return "RECHARGE" in self.type and self.service != 13

    def asked(self, query: Mapping[str, str]) -> bool:
        """Whether it belongs into a list: by service, by country, or by the region that it works in."""
        place = query.get("country_iso_code", self.country)
        covers = query.get("region", self.country) == self.country or self.country in ("EXX", "GXX")
        return str(self.service) == query.get("service_id", str(self.service)) and place == self.country and covers

    def operator_told(self) -> Json:
        country = {"name": self.country, "iso_code": self.country, "regions": None}
        return {"id": 1 + len(self.operator), "name": self.operator, "country": country, "regions": None}

    def told(self) -> Json:
        least, most = self.least_minor / 100, self.most_minor / 100
        price = self.cost_minor / 100
        top = self.cost_minor * self.most_minor // self.least_minor / 100
        asks = {"required_debit_party_identifier_fields": None}
        asks |= {f"required_{name}_fields": None for name in ("statement_identifier", "additional_identifier")}
        asks |= {f"required_{name}_fields": None for name in ("sender", "beneficiary")}
        told: Json = {
            "id": self.id,
            "name": self.name,
            "description": self.name,
            "tags": ["AIRTIME"],
            "service": {"id": self.service, "name": "eSIM" if self.service == 13 else "Mobile"},
            "operator": self.operator_told(),
            "regions": None,
            "type": self.type,
            "validity": None,
            **asks,
            "required_credit_party_identifier_fields": [["mobile_number"]] if self.asks_number else None,
            "availability_zones": ["INTERNATIONAL"],
            "source": self._amount(least, most, "EUR"),
            "destination": self._amount(least, most, self.unit),
            "prices": {"wholesale": {**self._amount(price, top, "EUR"), "fee": 0}, "retail": None},
            "rates": {"base": 1.0, "wholesale": least / price, "retail": None},
            "benefits": None,
            "promotions": None,
        }
        told |= {f"required_{self.wants}_fields": [["last_name"]]} if self.wants else {}
        told |= {"accepted_calculation_modes": ["SOURCE_AMOUNT", "DESTINATION_AMOUNT"]} if self.ranged else {}
        validity = {"unit": "DAY", "quantity": 365}
        return told | ({"pin": {"usage_info": None, "validity": validity, "terms": None}} if "PIN" in self.type else {})

    def _amount(self, least: float, most: float, unit: str) -> Json:
        amount = {"min": least, "max": most, "increment": 1.0} if self.ranged else least
        return {"unit_type": "CURRENCY", "unit": unit, "amount": amount}


PRODUCTS: tuple[Product, ...] = (
    Product(101, "Proximus PIN 15 EUR", "Proximus Belgium", "FIXED_VALUE_PIN_PURCHASE", 1500, 1500, 1440),
    Product(102, "Orange 10 EUR", "Orange Belgium", "FIXED_VALUE_RECHARGE", 1000, 1000, 950),
    Product(103, "Orange 5 to 50 EUR", "Orange Belgium", "RANGED_VALUE_RECHARGE", 500, 5000, 480),
    Product(104, "Base PIN 5 to 50 EUR", "Base Belgium", "RANGED_VALUE_PIN_PURCHASE", 500, 5000, 480),
    Product(105, "Europe 5 GB", "eSIM Europe", "FIXED_VALUE_PIN_PURCHASE", 1500, 1500, 1440, country="EXX", service=13),
    Product(106, "Gift card", "A shop", "FIXED_VALUE_PIN_PURCHASE", 2500, 2500, 2400, service=4),
    Product(107, "Electricity", "A works", "RANGED_VALUE_PAYMENT", 500, 50000, 510, service=3),
    Product(108, "With a passport", "Orange Belgium", "FIXED_VALUE_RECHARGE", 1000, 1000, 950, wants="sender"),
    Product(109, "Tunisia 10 TND", "Ooredoo Tunisia", "FIXED_VALUE_RECHARGE", 1000, 1000, 300, "TUN", "TND"),
)
