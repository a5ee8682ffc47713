"""Marketplaces: how each writes its export, said once, so that a file of orders is sent as it is."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Router, Schema

from opla.api.auth import Key, access
from opla.api.problems import Refused
from opla.api.schemas import Body, Problem
from opla.core import bulk
from opla.core.api_access import Scope
from opla.core.quote import read_language
from opla.core.refusal import Code, Refusal
from opla.db.queries import bulk as kept
from opla.operations.bulk import describe

router = Router(tags=["files"])

_NO = dict.fromkeys((400, 401, 403, 413, 422, 429, 503), Problem)
Name = Annotated[str, Field(max_length=200)]


class Described(Body):
    """The columns of the export by what they are called there, and which product of ours each of theirs is.

    `quantity`, `number` and `language` are empty where there is no such column; `speaks` is the language of buyers of
    whom none is said.
    """

    order: Name
    product: Name
    skus: dict[Name, Name] = Field(min_length=1, max_length=1000)
    quantity: Name = ""
    number: Name = ""
    language: Name = ""
    speaks: str = Field("en", max_length=35)


class Source(Schema):
    """`platform` is what `source` of a file names."""

    platform: str
    order: str
    product: str
    skus: dict[str, str]
    quantity: str
    number: str
    language: str
    speaks: str


class Sources(Schema):
    items: list[Source]
    next: None


@router.get("/sources", auth=Key(Scope.ORDERS_READ), response={200: Sources, **_NO})
def every(request: HttpRequest) -> Sources:
    """All of yours, by name."""
    found = kept.sources_by(access(request).reseller)
    return Sources(items=[_source(one) for one in found], next=None)


@router.put("/sources/{platform}", auth=Key(Scope.ORDERS_WRITE), response={200: Source, **_NO})
def say(request: HttpRequest, platform: Annotated[str, Path(max_length=40)], payload: Described) -> Source:
    """Say how this marketplace writes its export. Said again, it is so from the next file on.

    A key of the sandbox reads what is said and changes nothing: real files are read by it.
    """
    who, speaks = access(request), read_language(payload.speaks)
    if who.sandbox:
        raise Refused(Refusal(Code.NOT_ALLOWED))
    if isinstance(speaks, Refusal):
        raise Refused(Refusal(speaks.code, "speaks", speaks.params))
    source = bulk.Source(
        platform=platform,
        order=payload.order,
        product=payload.product,
        skus=dict(payload.skus),
        quantity=payload.quantity,
        number=payload.number,
        language=payload.language,
        speaks=speaks,
    )
    if refused := describe(who, source, at=timezone.now()):
        raise Refused(*refused)
    return _source(source)


def _source(found: bulk.Source) -> Source:
    return Source(
        platform=found.platform,
        order=found.order,
        product=found.product,
        skus=dict(found.skus),
        quantity=found.quantity,
        number=found.number,
        language=found.language,
        speaks=found.speaks,
    )
