"""Which operator it may be: from a name, a network's code, the network that carries a brand, or a number's block."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core.catalog import Catalog, parse
from opla.core.which import Why, proposals


@cache
def belgium() -> Catalog:
    import yaml

    found = parse(yaml.safe_load((Path(__file__).parents[2] / "catalogs" / "belgium.yaml").read_text("utf-8")))
    assert isinstance(found, Catalog)
    return found


SEEN = [
    ("Proximus", "", [("proximus", Why.NAME), ("mobile-vikings", Why.CARRIED)]),
    ("BEL PROXIMUS", "", [("proximus", Why.NAME), ("mobile-vikings", Why.CARRIED)]),
    ("orange b", "", [("orange", Why.NAME)]),
    ("Ｌｙｃａ　Ｍｏｂｉｌｅ lycamobile", "", [("lycamobile", Why.NAME)]),
    ("206-06", "", [("lycamobile", Why.CODE)]),
    ("20606", "", [("lycamobile", Why.CODE)]),
    ("mobile", "", []),
    ("Vodafone", "", []),
    ("", "+32470123456", [("proximus", Why.NUMBER)]),
    ("Lycamobile", "+32470123456", [("lycamobile", Why.NAME), ("proximus", Why.NUMBER)]),
    ("", "", []),
]


@pytest.mark.parametrize(("seen", "number", "expected"), SEEN)
def test_what_is_seen_proposes_operators_best_reason_first(
    seen: str, number: str, expected: list[tuple[str, Why]]
) -> None:
    found = [(p.operator.id, p.why) for p in proposals(belgium(), seen, number)]
    assert found[: len(expected)] == expected
    assert bool(found) == bool(expected)


@given(st.text(max_size=200), st.text(max_size=20))
def test_whatever_is_seen_nobody_is_proposed_twice(seen: str, number: str) -> None:
    found = [p.operator.id for p in proposals(belgium(), seen, number)]
    assert len(found) == len(set(found))
