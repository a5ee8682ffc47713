"""Promotions for a simulated shop: every way of making a price lower, and caps too wide to reach, so that uses are
counted and come back while everything breaks. Who gets the last one is a race of its own, in the tests.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from opla.core.actor import Actor, Role
from opla.core.refusal import Refusal
from opla.operations.promotions import at_version, import_promotions
from opla.operations.shop import Shop

_DOCUMENT: Final = """promotions: 1
sample: true
currency: EUR
time_zone: Europe/Brussels
languages: [en, zh-Hans]
ours:
  - id: tenth
    title: {en: "A tenth", zh-Hans: "九折"}
    from: "2020-01-01 00:00"
    gives: {percent: 10}
    operators: [proximus, mobile-vikings]
    most_uses: 1000000
  - id: euro
    title: {en: "A euro", zh-Hans: "减一欧元"}
    from: "2020-01-01 00:00"
    gives: {amount: "1.00"}
    operators: [base]
    stacks: true
    most_each: 1000000
  - id: no-fee
    title: {en: "No fee", zh-Hans: "免服务费"}
    from: "2020-01-01 00:00"
    gives: {fee: waived}
    operators: [base, lycamobile]
    stacks: true
"""


def promote(shop: Shop, at: datetime) -> None:
    """Let them run from now on."""
    at_version.cache_clear()  # versions of another database
    path = shop.var / "promotions.yaml"
    path.write_text(_DOCUMENT, "utf-8")
    made = import_promotions(Actor(Role.OWNER, "simulated"), path, keyring=shop.keyring, sandbox=True, at=at)
    if isinstance(made, Refusal):
        raise AssertionError(f"the promotions of the simulation were refused: {made.code}")  # noqa: TRY004 - a finding, not a type
