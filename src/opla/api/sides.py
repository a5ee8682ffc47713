"""Who does what a key asks for: the shop, or for a sandbox key a play of it. Both know the same acts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone

from opla.api.auth import access
from opla.core.money import Money
from opla.core.refusal import Refusal
from opla.core.reselling import GivenBack, Line, Sold, Which
from opla.db.queries.codes import Revealed
from opla.db.queries.deposits import Deposit
from opla.db.queries.floats import Float
from opla.db.queries.sold import Place
from opla.operations import shop
from opla.operations.place_from_float import Reserved
from opla.operations.play import Playing
from opla.operations.quote_topup import Wanted
from opla.operations.reselling import Selling


class Side(Protocol):
    """`operations.reselling.Selling` says what each does."""

    def place(self, wanted: Sequence[tuple[str, Wanted]]) -> list[Reserved | list[Refusal]]: ...

    def orders(self, which: Which, *, after: UUID | None, limit: int) -> list[Sold]: ...

    def one(self, order_id: UUID) -> Sold | None: ...

    def code(self, order_id: UUID) -> Revealed | Refusal: ...

    def give_back(self, order_id: UUID, key: str) -> GivenBack | Refusal: ...

    def given_back(self, order_id: UUID, *, after: UUID | None, limit: int) -> list[GivenBack] | None: ...

    def balance(self) -> Float: ...

    def pay_in(self, amount: Money, method: str, key: str, language: str) -> Deposit | Refusal: ...

    def deposit(self, deposit_id: UUID) -> Deposit | None: ...

    def lines(self, since: datetime, until: datetime, *, after: Place | None, limit: int) -> list[Line]: ...


def side(request: HttpRequest) -> Side:
    who = access(request)
    return (Playing if who.sandbox else Selling)(who, shop.current(), timezone.now())
