"""The rule that a prepaid SIM has a known owner belongs to a country's catalogue."""

from __future__ import annotations

import pytest

from opla.core.catalog import Catalog, CatalogError, IdDocument, IdMethod, Shown, parse
from opla.core.catalog.identification import Unidentified


def document(**more: object) -> dict[str, object]:
    return {
        "catalogue": 1, "country": "BE", "currency": "EUR", "time_zone": "Europe/Brussels", "languages": ["en"],
        "sources": {"law": {"where": "a law", "dated": "nd"}}, "operators": [], "products": [], **more,
    }  # fmt: skip


def cell(value: object) -> dict[str, object]:
    return {"value": value, "sure": "A", "source": "law"}


def read(**more: object) -> Catalog:
    return parse(document(**more))


def test_a_catalogue_that_says_nothing_of_it_knows_nothing_of_it() -> None:
    rule = read().identification
    cells = (rule.required, rule.methods, rule.one_is_enough, rule.unidentified, rule.shop_keeps_copy, rule.law)
    assert {one.shown_as for one in cells} == {Shown.NOT_VERIFIED}


def test_the_rule_is_read_with_its_sources() -> None:
    said = {
        "required": cell(True),
        "methods": cell(["in_person", "online_payment"]),
        "unidentified": cell("not_active"),
        "shop_keeps_copy": cell(False),
        "law": cell("art. 127"),
    }
    rule = read(identification=said).identification
    assert (rule.required.value, rule.methods.value) == (True, (IdMethod.IN_PERSON, IdMethod.ONLINE_PAYMENT))
    assert (rule.unidentified.value, rule.shop_keeps_copy.value) == (Unidentified.NOT_ACTIVE, False)
    assert (rule.law.value, rule.law.source) == ("art. 127", "a law")


def test_an_operator_says_which_documents_it_accepts() -> None:
    operator = {
        "id": "a", "name": "A", "prepaid": cell(True), "id_documents": cell(["passport", "eu_id"]),
        "notes": {"known": {"en": "x"}},
    }  # fmt: skip
    [found] = read(operators=[operator]).operators
    assert found.id_documents.value == (IdDocument.PASSPORT, IdDocument.EU_ID)


@pytest.mark.parametrize(
    "wrong",
    [
        {"methods": cell(["by_post"])},
        {"unidentified": cell("fined")},
        {"required": cell("yes")},
        {"required": {"sure": "A", "source": "law"}},
        {"law": {"value": "x", "sure": "A", "source": "nobody"}},
    ],
)
def test_a_rule_in_other_words_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(CatalogError):
        read(identification=wrong)
