"""What several resources speak of. Amounts are integers of minor units; times are ISO 8601 in UTC."""

from __future__ import annotations

from ninja import Schema
from pydantic import ConfigDict

from opla.core import money


class Body(Schema):
    """What comes in: a field that means nothing here is refused, never passed over."""

    model_config = ConfigDict(extra="forbid", str_max_length=4000)


class Money(Schema):
    """`amount_minor` 1500 of `EUR` is € 15.00."""

    amount_minor: int
    currency: str

    @staticmethod
    def of(amount: money.Money) -> Money:
        return Money(amount_minor=amount.amount_minor, currency=amount.currency)


class Why(Schema):
    """One refusal. `code` is published and stays; `about` is the field; `message` is in the language asked for."""

    code: str
    about: str
    message: str
    params: dict[str, str]


class Problem(Schema):
    """RFC 9457, with every refusal beside the first."""

    type: str
    status: int
    title: str
    refusals: list[Why]
