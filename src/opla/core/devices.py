"""Families of phones, and whether they take an eSIM: by where the phone was bought, as far as somebody says so.

Data, not code: `catalogs/devices.yaml`, each figure with its source. A family holds models that are alike in this; what
is not in the table is not known, and said so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Final

from opla.core.catalog import UNKNOWN, CatalogError, Cell
from opla.core.catalog.place import Place, Reading

#: The version of the document's form that this code reads.
FORM: Final = 1


class Region(StrEnum):
    """Where a phone was bought. The same name is another phone elsewhere. Published: kept with a quote."""

    CHINA = "cn"  # the mainland
    HONG_KONG = "hk"  # and Macau
    USA = "us"
    ELSEWHERE = "else"
    UNKNOWN = "unknown"


class Has(StrEnum):
    """What the source says of a family bought somewhere."""

    YES = "yes"  # it has an eSIM; a card fits in too, as far as is known
    ONLY = "only"  # it has an eSIM, and no place for a card
    NO = "no"
    VARIES = "varies"  # some of its models have one
    HOME_ONLY = "home_only"  # it has one, and whether it takes operators of other countries is disputed


class Span(StrEnum):
    """What a family's name goes on to."""

    THESE = "these"  # the named ones, in all their sizes
    LATER = "later"
    OLDER = "older"
    OTHERS = "others"  # of the brand, but for the families above


@dataclass(frozen=True)
class Family:
    """Models alike in this. `name` as the maker writes it, with the years where one name was used twice."""

    id: str
    brand: str
    name: str
    span: Span
    bought: Mapping[Region, Cell[Has]]

    def has(self, region: Region) -> Cell[Has]:
        """Of one bought there; unknown where nobody told, and of an unknown region unless all say the same."""
        if region is not Region.UNKNOWN:
            return self.bought.get(region, UNKNOWN)
        said = {cell.value: cell for cell in self.bought.values()}
        if len(said) == 1 or said.keys() == {Has.YES, Has.ONLY}:
            return said.get(Has.YES) or next(iter(said.values()))
        return UNKNOWN


@dataclass(frozen=True)
class Families:
    """The table, in the order it is shown."""

    all: tuple[Family, ...]

    @cached_property
    def _by_id(self) -> Mapping[str, Family]:
        return {family.id: family for family in self.all}

    def find(self, family_id: str) -> Family | None:
        return self._by_id.get(family_id)

    @property
    def brands(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(family.brand for family in self.all))


def parse(document: Mapping[str, object]) -> Families:
    """The table a document describes. Raises `CatalogError` with every problem and its path."""
    reading = Reading()
    root = Place(document, (), reading)
    if document.get("devices") != FORM:
        root["devices"].fail(f"this program reads tables of form {FORM}")
    reading.sources = root["sources"].mapping()
    families = tuple(_family(at) for at in root["families"].entries())
    names = [family.id for family in families]
    for name in sorted({n for n in names if names.count(n) > 1}):
        root["families"].under(name, None).fail("is there twice")
    if reading.problems:
        raise CatalogError(tuple(reading.problems))
    return Families(families)


def _family(at: Place) -> Family:
    """`anywhere` is said once for all regions; a region's own cell is said instead of it."""
    anywhere = at["anywhere"].cell(_has)
    own = {region: at[region.value].cell(_has) for region in Region if at[region.value].value is not None}
    regions: dict[Region, Cell[Has]] = {
        region: own.get(region, anywhere) for region in Region if region is not Region.UNKNOWN
    }
    span = at["span"].enum(Span) if at["span"].value is not None else Span.THESE
    return Family(
        at.required("id"), at.required("brand"), at.required("name"), span or Span.THESE, MappingProxyType(regions)
    )


def _has(at: Place) -> Has | None:
    return at.enum(Has)
