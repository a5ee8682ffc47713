"""An address that a card is sent to: every wrong line is named, and what is kept fits a label."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core.address import FIELDS, MAX_LINE, Address, read

TYPED = {"name": "王 小明", "street": "Rue Neuve", "number": "12", "postcode": "1000", "city": "Bruxelles"}


def test_a_belgian_address_is_read_as_it_stands_on_an_envelope() -> None:
    found = read({**TYPED, "box": "3", "postcode": " B-1000 "})
    assert isinstance(found, Address)
    assert found.lines == ("王 小明", "Rue Neuve 12 box 3", "1000 Bruxelles")
    assert found == Address(**found.document)


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"name": " "}, [("address_missing", "name")]),
        ({"street": "", "number": ""}, [("address_missing", "street"), ("address_missing", "number")]),
        ({"street": "x" * (MAX_LINE + 1)}, [("address_missing", "street")]),
        ({"postcode": "0999"}, [("postcode_invalid", "postcode")]),
        ({"postcode": "10000"}, [("postcode_invalid", "postcode")]),
        ({"postcode": ""}, [("address_missing", "postcode")]),
        ({"country": "FR", "postcode": "75001"}, [("country_not_served", "country")]),
    ],
)
def test_each_line_that_is_wrong_is_named(changed: dict[str, str], refused: list[tuple[str, str]]) -> None:
    found = read({**TYPED, **changed})
    assert isinstance(found, list)
    assert [(no.code, no.about) for no in found] == refused


@given(st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=400)))
def test_whatever_is_typed_no_line_is_longer_than_a_label_or_breaks_it(typed: dict[str, str]) -> None:
    found = read({**TYPED, **typed})
    if isinstance(found, Address):
        assert all(len(part) <= MAX_LINE and part.isprintable() for part in found.document.values())
