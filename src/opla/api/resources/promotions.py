"""What operators add just now. Promotions of this shop's own are not for floats, and that is said."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema

from opla.api.auth import Key
from opla.api.resources.catalogue import duration
from opla.api.schemas import Money, Problem
from opla.core.api_access import Scope
from opla.core.promotion import Bonus, OperatorPromotion
from opla.operations import catalogue, promotions
from opla.presenting import promotions as words

router = Router(tags=["catalogue"])


class Adds(Schema):
    """What the operator adds; `lasts` as in the catalogue, null where nobody told."""

    credit: Money | None
    data_kb: int
    voice_s: int
    sms: int
    lasts: str | None


class Promotion(Schema):
    """One of an operator: it gives it whoever sells the top-up. `adds` is null where the operator decides what.
    `products` empty: any of this operator's, from `minimum` on. How sure: as in the catalogue."""

    id: str
    operator: str
    products: list[str]
    starts: datetime | None
    until: datetime | None
    minimum: Money | None
    adds: Adds | None
    sure: str
    shown: str
    source: str
    dated: str
    title: str
    text: str
    when: str


class Promotions(Schema):
    """`floats_take_ours` is always false: an order from a float costs the face value and the fee. What this shop takes
    off for its own customers, and its coupons, change nothing there."""

    version: int
    floats_take_ours: bool = False
    items: list[Promotion]
    next: str | None = None


@router.get(
    "/promotions",
    auth=Key(Scope.CATALOGUE),
    response={200: Promotions, 401: Problem, 403: Problem, 429: Problem, 503: Problem},
)
def running(request: HttpRequest) -> Promotions:
    """What a reseller's customers get on top now: all of it on one page, because there are never many."""
    at = timezone.now()
    version, known = promotions.active()
    _, catalog = catalogue.active()
    found = []
    for one in known.theirs:
        said = words.entry_of(one.id, known, catalog) if one.runs(at) else None
        if said is not None:
            found.append(_promotion(one, said))
    return Promotions(version=version, items=found)


def _promotion(one: OperatorPromotion, said: words.Entry) -> Promotion:
    gives = one.gives
    return Promotion(
        id=one.id,
        operator=one.operator,
        products=sorted(one.products),
        starts=one.start.value,
        until=one.until.value,
        minimum=Money.of(one.minimum.value) if one.minimum.value else None,
        adds=_adds(gives.value) if gives.value else None,
        sure=str(gives.sure),
        shown=str(said.shown),
        source=gives.source,
        dated=gives.dated,
        title=said.title,
        text=said.gives,
        when=said.when,
    )


def _adds(bonus: Bonus) -> Adds:
    return Adds(
        credit=Money.of(bonus.credit) if bonus.credit else None,
        data_kb=bonus.data_mb * 1000,
        voice_s=bonus.voice_min * 60,
        sms=bonus.sms,
        lasts=duration(bonus.lasts) if bonus.lasts else None,
    )
