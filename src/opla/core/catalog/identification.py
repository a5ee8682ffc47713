"""Who must know whose a prepaid SIM is, and how: a rule of the country, read from its catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from opla.core.catalog.cell import UNKNOWN, Cell
from opla.core.catalog.place import Place


class IdMethod(StrEnum):
    """A way to be identified. Published: the sentences are in `presenting`."""

    IN_PERSON = "in_person"  # a document shown at a desk
    ID_CARD_ONLINE = "id_card_online"  # the country's electronic card, with a reader and its PIN
    ID_SERVICE = "id_service"  # somebody who identifies for others
    ONLINE_PAYMENT = "online_payment"  # a payment that names its payer


class IdDocument(StrEnum):
    NATIONAL_ID = "national_id"  # of the country itself
    EU_ID = "eu_id"
    RESIDENCE_CARD = "residence_card"
    PASSPORT = "passport"
    REPLACEMENT = "replacement"  # a paper instead of a lost document


class Unidentified(StrEnum):
    """What becomes of a card nobody is identified for."""

    NOT_ACTIVE = "not_active"  # not sold, or not switched on


@dataclass(frozen=True)
class Identification:
    """The rule. Everything is unknown where the catalogue says nothing of it."""

    required: Cell[bool] = UNKNOWN  # of everybody with a prepaid SIM
    methods: Cell[tuple[IdMethod, ...]] = UNKNOWN  # those the law has; an operator need not offer all
    one_is_enough: Cell[bool] = UNKNOWN  # an operator must offer at least one, and may choose which
    unidentified: Cell[Unidentified] = UNKNOWN
    shop_keeps_copy: Cell[bool] = UNKNOWN  # whether a shop that looks at a document may keep anything of it
    law: Cell[str] = UNKNOWN  # as it is cited


def read_identification(at: Place) -> Identification:
    return Identification(
        required=at["required"].cell(Place.boolean),
        methods=at["methods"].cell(lambda here: here.several(lambda one: one.enum(IdMethod))),
        one_is_enough=at["one_is_enough"].cell(Place.boolean),
        unidentified=at["unidentified"].cell(lambda here: here.enum(Unidentified)),
        shop_keeps_copy=at["shop_keeps_copy"].cell(Place.boolean),
        law=at["law"].cell(Place.text),
    )


def read_documents(at: Place) -> Cell[tuple[IdDocument, ...]]:
    return at.cell(lambda here: here.several(lambda one: one.enum(IdDocument)))
