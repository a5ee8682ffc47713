"""A product of their list, where it is one that we can sell: nothing is asked of the buyer but a number, or nothing."""

from __future__ import annotations

from functools import cache
from typing import Final

from babel.core import get_global

from opla.core.money import Money
from opla.core.ports import Kind, Listed
from opla.suppliers.dtone import mapping
from opla.suppliers.dtone.reading import Fields, cost_of, kind_of, money, part, sku_of, text, whole

#: What they may want to know beside the recipient: names, documents, accounts. We ask for none of it.
_ASKED_TOO_MUCH: Final = (
    "required_debit_party_identifier_fields",
    "required_sender_fields",
    "required_beneficiary_fields",
    "required_statement_identifier_fields",
    "required_additional_identifier_fields",
)

#: What Burma, East Germany, metropolitan France, East Timor, South Yemen and Zaire were called, by today's alpha-2.
_FORMER: Final = frozenset({"BUR", "DDR", "FXX", "TMP", "YMD", "ZAR"})


def listed(product: Fields, country: str) -> Listed | None:
    """One row of theirs, for that country (ISO 3166-1 alpha-2); None for what we could not sell, or not read."""
    kind, id_ = kind_of(product), whole(product, "id")
    _, manner = mapping.TYPE.get(text(product, "type"), (None, ""))
    operator, name = text(part(product, "operator"), "name"), text(product, "name")
    if kind is None or not id_ or not operator or any(product.get(name) for name in _ASKED_TOO_MUCH):
        return None
    if not _recipient_fits(product, kind):
        return None
    faces = _ranged(product) if manner == "ranged" else _fixed(product)
    if faces is None:
        return None
    least, most, cost = faces
    return Listed(
        sku_of(id_, manner),
        name,
        operator,
        country,
        kind,
        least.currency,
        least.amount_minor,
        most.amount_minor,
        cost.amount_minor if cost else None,
        cost.currency if cost else "",
    )


def _recipient_fits(product: Fields, kind: Kind) -> bool:
    """Their field is a list of alternatives, each a list of what is needed together."""
    asked = product.get("required_credit_party_identifier_fields") or [[]]
    return isinstance(asked, list) and (["mobile_number"] if kind is Kind.DIRECT else []) in asked


def _fixed(product: Fields) -> tuple[Money, Money, Money | None] | None:
    face = money(part(product, "destination"), exact=True)
    return (face, face, cost_of(part(product, "prices"))) if face else None


def _ranged(product: Fields) -> tuple[Money, Money, Money | None] | None:
    """From the least to the most that arrives; the cost is that of the least."""
    modes, destination = product.get("accepted_calculation_modes"), part(product, "destination")
    if not isinstance(modes, list) or "DESTINATION_AMOUNT" not in modes:
        return None
    least, most = (money({**destination, **part(destination, "amount")}, end, exact=True) for end in ("min", "max"))
    wholesale = part(part(product, "prices"), "wholesale")
    cost = cost_of({"wholesale": {**wholesale, "amount": part(wholesale, "amount").get("min")}})
    return (least, most, cost) if least and most and least <= most else None


def alpha2(country: Fields) -> str:
    """The country of an operator of theirs; empty for regions and what CLDR does not know."""
    return _countries().get(text(country, "iso_code"), "")


def alpha3(country: str) -> str:
    """Their code of a country in alpha-2; empty where there is none."""
    return next((three for three, two in _countries().items() if two == country), "")


@cache
def _countries() -> dict[str, str]:
    """ISO 3166-1 alpha-3 → alpha-2, as CLDR has it: the aliases of a territory."""
    aliases = get_global("territory_aliases")
    codes = {three for three in aliases if len(three) == 3 and three.isalpha()} - _FORMER
    return {three: aliases[three][0] for three in codes if len(aliases[three]) == 1}
