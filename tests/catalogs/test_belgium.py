"""The shipped catalogue against its promises, and the loader against bad files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path

import pytest

from opla.core.catalog import (
    Activation,
    AutoRenew,
    Catalog,
    Content,
    CreditRenewal,
    EarlyRenewal,
    MethodKind,
    PlanChange,
    PriceKind,
    Product,
    RedeemBy,
    Shown,
    Since,
    Starts,
    Status,
    Sure,
    cells,
    describe,
    parse,
    redeem,
    sellable,
)
from opla.core.catalog.rules import RULE_FIELDS
from opla.core.effects import Doubt, Effect, Unknown, effect_of
from opla.core.ports import Kind as Delivery
from opla.core.refusal import Code, Refusal
from opla.operations.read_catalog import CATALOGS, CatalogFileError, Mistake, mistakes_in, read_catalog, read_country

HOWTO = CATALOGS.parent / "docs" / "howto" / "edit-the-catalogue.md"
SCHEMA = json.loads((CATALOGS / "schema.json").read_text("utf-8"))
RULES = SCHEMA["$defs"]["rule_set"]["properties"]


@cache
def document(*, sandbox: bool = False) -> Mapping[str, object]:
    return read_country("belgium", sandbox=sandbox)


@cache
def belgium(*, sandbox: bool = False) -> Catalog:
    return parse(document(sandbox=sandbox))


def product(sku: str, *, sandbox: bool = False) -> Product:
    found = belgium(sandbox=sandbox).product(sku)
    assert found
    return found


# ── nothing is invented, everything has its source ────────────────────────


def test_every_figure_has_a_source_with_a_date_or_nd():
    sources = document()["sources"]
    assert isinstance(sources, Mapping)
    for path, cell in cells(document()):
        entry = sources[cell["source"]]
        assert entry["where"], path
        assert re.fullmatch(r"nd|((about|before) )?\d{4}(-\d{2}(-\d{2})?)?", entry["dated"]), path


def test_no_invented_figure_stands_among_the_facts():
    assert [path for path, cell in cells(document()) if cell["sure"] == "sample"] == []


def test_every_source_listed_is_used():
    used = {cell["source"] for _, cell in cells(document())}
    assert set(document()["sources"]) == used  # type: ignore[call-overload]  # a mapping, as the test above has it


def test_the_sample_changes_no_known_figure_and_adds_only_samples():
    known = {path: cell for path, cell in cells(document()) if cell["sure"] != "unknown"}
    both = dict(cells(document(sandbox=True)))
    assert {path: both[path] for path in known} == known
    assert {cell["sure"] for path, cell in both.items() if path not in known} == {"sample", "unknown"}


def test_the_catalogue_survives_the_database():
    def by_length(value: object) -> object:
        if isinstance(value, Mapping):
            return {key: by_length(value[key]) for key in sorted(value, key=lambda k: (len(k), k))}
        return [by_length(one) for one in value] if isinstance(value, list) else value

    stored = json.loads(json.dumps(by_length(document(sandbox=True)), ensure_ascii=False))
    assert stored == document(sandbox=True)
    assert parse(stored) == belgium(sandbox=True)


def test_there_is_no_decimal_number_anywhere():
    def floats(value: object) -> bool:
        if isinstance(value, Mapping):
            return any(floats(inner) for inner in value.values())
        return any(map(floats, value)) if isinstance(value, list) else isinstance(value, float)

    assert not floats(document(sandbox=True))


# ── what the market note says is here ─────────────────────────────────────

CODES = [
    ("proximus", (1500, 2500, 5000)),
    ("orange", (1500, 2000, 5000)),
    ("base", (1000, 1500, 2000, 3000)),
    ("lycamobile", (1000, 2000, 3000)),
    ("scarlet", (800, 1500)),
]


@pytest.mark.parametrize(("operator", "faces"), CODES)
def test_the_codes_a_wholesaler_sells_are_all_here(operator: str, faces: tuple[int, ...]):
    sold = belgium().products_of(operator)
    assert tuple(p.min_minor for p in sold) == faces
    for one in sold:
        assert (one.delivery.value, one.face.sure, one.face.dated) == (Delivery.CODE, Sure.B, "2026-04-24")
        assert sellable(one, sandbox=False) is None


def test_belgium_sells_nothing_else_for_real():
    assert sum(len(faces) for _, faces in CODES) == len(belgium().products)


def test_what_is_bought_with_credit_is_sold_by_nobody():
    """Its price is out of the credit on the SIM: taking money for it would be taking it for nothing."""
    assert [p.sku for p in belgium().bundles] == ["LY-U25", "LY-U30", "LY-U35", "LY-U40", "AT-XXL", "CF-10CENT"]
    for bundle in belgium(sandbox=True).bundles:
        assert bundle.kind is PriceKind.FROM_CREDIT
        assert belgium(sandbox=True).product(bundle.sku) is None
        assert bundle not in belgium(sandbox=True).products_of(bundle.operator)
        price = bundle.rules.credit_price.value
        found = price and belgium(sandbox=True).find(bundle.operator, price.amount_minor)
        assert not isinstance(found, Product) or found.sku != bundle.sku


def test_live_nothing_can_be_computed_and_each_product_names_what_is_missing():
    for one in (*belgium().products, *belgium().bundles):
        assert isinstance(effect_of(one, one.min_minor if one.face.known else None), Unknown), one.sku


def test_in_the_sandbox_everything_can_be_computed_and_says_what_is_invented():
    for one in (*belgium(sandbox=True).products, *belgium(sandbox=True).bundles):
        effect = effect_of(one, 1500)
        assert isinstance(effect, Effect), (one.sku, effect)
        assert any(Doubt.SAMPLE in uncertain.doubts for uncertain in effect.uncertain), one.sku


@pytest.mark.parametrize("sku", ["BA-5", "MV-10", "MV-15", "MV-40", "LY-D", "AT-10", "AT-20", "CF-10", "CF-15"])
def test_a_product_that_only_the_sample_has_is_sold_in_the_sandbox_only(sku: str):
    assert belgium().product(sku) is None
    refusal = sellable(product(sku, sandbox=True), sandbox=False)
    assert refusal
    assert refusal.code is Code.PRODUCT_SAMPLE_ONLY
    assert sellable(product(sku, sandbox=True), sandbox=True) is None


@pytest.mark.parametrize("sku", [p.sku for p in belgium(sandbox=True).products if p.on_sale])
def test_in_the_sandbox_every_product_says_what_it_gives(sku: str):
    one = product(sku, sandbox=True)
    gives = {"contents", "credit", "data_mb", "voice_min", "sms"}
    unknown = [f.kind.value for f in describe(one) if f.kind.value in gives and not f.cell.known]
    assert unknown == (["credit"] if sku == "LY-D" else [])  # a free amount gives what is paid


@pytest.mark.parametrize("sku", [p.sku for p in belgium().products])
def test_live_no_amount_of_data_is_stated_because_none_is_known(sku: str):
    facts = {fact.kind.value: fact.cell.shown_as for fact in describe(product(sku))}
    assert facts.get("data_mb", Shown.NOT_VERIFIED) is Shown.NOT_VERIFIED
    assert facts["delivery"] is Shown.FACT


def test_where_sources_disagree_about_lost_minutes_it_is_reported_and_not_stated():
    assert product("BA-10").rules.early_renewal.shown_as is Shown.REPORTED


def test_what_holds_in_most_cases_is_marked_as_usual():
    rules = product("PX-15").rules
    assert (rules.bonus_min.usual, rules.bonus_window_days.usual, rules.lasts.usual) == (True, True, False)


@pytest.mark.parametrize("operator", [o.id for o in belgium().operators if not belgium().products_of(o.id)])
def test_an_operator_without_products_says_what_is_known_and_what_to_do(operator: str):
    brand = belgium().operator(operator)
    assert brand
    assert set(brand.notes) == {"known", "not_known", "what_to_do"}
    refusal = belgium().find(operator, 1500)
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.OPERATOR_WITHOUT_PREPAID


def test_every_text_is_there_in_every_language_and_the_chinese_one_is_chinese():
    for operator in belgium(sandbox=True).operators:
        for name, texts in operator.notes.items():
            assert list(texts) == ["en", "fr", "nl", "de", "zh-Hans"], (operator.id, name)
            assert len(set(texts.values())) == 5, (operator.id, name)
            assert re.search(r"[\u4e00-\u9fff]", texts["zh-Hans"]), (operator.id, name)
            assert not re.search(r"[\u4e00-\u9fff]", texts["en"]), (operator.id, name)


WAYS = [
    ("proximus", [RedeemBy.USSD, RedeemBy.CALL], "tel:*121*4821903477152%23"),
    ("base", [RedeemBy.SMS, RedeemBy.WEB, RedeemBy.APP], "sms:1914?body=TOPUP%204821903477152"),
    ("lycamobile", [RedeemBy.USSD], "tel:*103*4821903477152%23"),
    ("orange", [RedeemBy.CARE], ""),  # the one string seen named no operator
    ("scarlet", [RedeemBy.CARE], ""),
]


@pytest.mark.parametrize(("operator", "ways", "link"), WAYS)
def test_how_a_code_is_entered(operator: str, ways: list[RedeemBy], link: str):
    brand = belgium().operator(operator)
    assert brand
    found = redeem(brand, "4821903477152")
    assert [one.kind for one in found] == ways
    assert (found[0].tel_uri or found[0].sms_uri) == link


@pytest.mark.parametrize(
    ("e164", "operator"),
    [("+32470123456", "proximus"), ("+32491123456", "orange"), ("+32486123456", "base"), ("+32466012345", "lycamobile"),
     ("+32451012345", "digi"), ("+32455123456", "voo"), ("+32458123456", None)],
)  # fmt: skip
def test_number_blocks_give_a_hint(e164: str, operator: str | None):
    hint = belgium().hinted_operator(e164)
    assert (hint.id if hint else None) == operator


def test_mobile_vikings_asks_for_a_plan_at_each_top_up():
    assert product("MV-15", sandbox=True).asks_plan
    assert not product("BA-15").asks_plan


def test_a_withdrawn_plan_can_be_somebodys_and_is_not_offered():
    proximus = belgium(sandbox=True).operator("proximus")
    assert proximus
    assert {"smart", "together", "bonus"} <= {plan.id for plan in proximus.plans}
    assert [plan.id for plan in proximus.plans_offered] == ["bonus", "per-minute"]


# ── the form ──────────────────────────────────────────────────────────────

#: Every shape seen on the market, each with the field that holds it. Promotions have no place yet: none was in force.
SHAPES = [
    ("a benefit of N days", "lasts", {"days": 31}),
    ("a benefit of one calendar month", "lasts", {"months": 1}),
    ("starts at top-up", "starts", "at_top_up"),
    ("starts when a bundle is activated", "starts", "at_activation"),
    ("renewing overwrites all", "early_renewal", "overwrite_all"),
    ("renewing overwrites minutes and SMS, rolls data", "early_renewal", "overwrite_voice_roll_data"),
    ("renewing restarts the month", "early_renewal", "restart_month"),
    ("renewing adds credit only", "early_renewal", "credit_adds"),
    ("refused while another type is active", "early_renewal", "refused_while_active"),
    ("renewing queues", "early_renewal", "queue"),
    ("a bonus from a minimum amount", "bonus_min", "15.00"),
    ("a bonus within X days of the last top-up", "bonus_window_days", 31),
    ("a bonus on some plans only", "bonus_needs_plan", True),
    ("credit of 6 or 12 months", "credit_lasts", {"months": 6}),
    ("credit with a cap", "credit_cap", {"months": 12}),
    ("credit as long as the number", "credit_lasts", "as_the_number"),
    ("number life since the last top-up", "number_life", {"length": {"months": 12}, "since": "top_up"}),
    ("number life since the last use", "number_life", {"length": {"months": 6}, "since": "use"}),
    ("plan change at every top-up", "plan_change", "at_each_top_up"),
    ("plan change in the customer zone", "plan_change", "in_customer_zone"),
    ("plan change destroys", "plan_change_loses", ["credit"]),
    ("auto-renewal on request", "auto_renew", "opt_in"),
    ("auto-renewal built in", "auto_renew", "built_in"),
    ("auto top-up below an amount", "auto_renew", "credit_threshold"),
    ("identified again every N months", "reidentify_months", 18),
    ("activated almost at once", "activation", "almost_at_once"),
    ("unlimited, then slower", "data_then_kbps", 512),
    ("a code with its own last day", "code_expires", True),
    ("renewing runs beside", "early_renewal", "beside"),
    ("renewing touches products of one group only", "group", "bundle"),
    ("ordered once a day", "once_a_day", True),
    ("a bonus on these plans", "bonus_plans", ["bonus"]),
    ("credit that each lives its own time", "credit_renewal", "keeps_its_end"),
    ("credit that a new top-up extends", "credit_renewal", "lives_on_with_new"),
    ("credit whose time adds up", "credit_renewal", "adds_up"),
    ("a number that a top-up still saves", "number_grace", {"days": 30}),
    ("a plan that costs something to change to", "plan_change_loses_to", ["bonus"]),
    ("activated minutes later", "starts_after", {"minutes": 30}),
    ("activated hours later", "starts_after", {"hours": 2}),
    ("activated days later", "starts_after", {"days": 1}),
    ("data abroad capped", "eu_data_mb", 4000),
    ("all data usable abroad", "eu_data_mb", "unlimited"),
    ("a network generation", "network_generation", "4G"),
    ("a speed cap", "max_mbps", 20),
    ("a last day for it to begin", "use_by", "2026-12-31"),
]


def _first_of_each() -> dict[str, object]:
    """One operator and one product are enough to hold a shape, and are checked in a fraction of the time."""
    return {name: list(document()[name])[:1] for name in ("operators", "products", "number_blocks")}  # type: ignore[call-overload]  # lists


@pytest.mark.parametrize(("shape", "name", "value"), SHAPES)
def test_every_shape_seen_on_the_market_has_its_place(shape: str, name: str, value: object):
    changed = json.loads(json.dumps({**document(), **_first_of_each()}))
    changed["operators"][0]["plans"] = [{"id": "bonus", "name": {"value": "Bonus", "sure": "A", "source": "looked"}}]
    changed["products"][0][name] = {"value": value, "sure": "A", "source": "looked"}
    assert mistakes_in(changed) == [], shape
    assert getattr(parse(changed).products[0].rules, name).known


def test_the_schema_and_the_core_know_the_same_fields():
    assert tuple(RULES) == RULE_FIELDS
    product_fields = set(SCHEMA["$defs"]["product"]["properties"])
    price = {"sku", "operator", "name", "rules", "face", "min", "max", "step", "delivery", "status"}
    assert product_fields == price | {"needs"} | set(RULE_FIELDS)


CHOICES = [
    (RULES["early_renewal"], EarlyRenewal),
    (RULES["starts"], Starts),
    (RULES["credit_renewal"], CreditRenewal),
    (RULES["plan_change"], PlanChange),
    (RULES["auto_renew"], AutoRenew),
    (RULES["activation"], Activation),
    (SCHEMA["$defs"]["product"]["properties"]["delivery"], Delivery),
    (SCHEMA["$defs"]["product"]["properties"]["status"], Status),
]


@pytest.mark.parametrize(("schema", "words"), CHOICES)
def test_the_schema_and_the_core_know_the_same_words(
    schema: Mapping[str, Mapping[str, Mapping[str, object]]], words: type[StrEnum]
):
    assert schema["properties"]["value"]["enum"] == [*words, None]


def test_the_schema_and_the_core_know_the_same_words_deeper_down():
    of = SCHEMA["$defs"]
    assert of["cell"]["properties"]["sure"]["enum"] == list(Sure)
    assert of["contents_cell"]["properties"]["value"]["items"]["enum"] == list(Content)
    assert of["method_cell"]["properties"]["value"]["properties"]["kind"]["enum"] == list(MethodKind)
    assert RULES["number_life"]["properties"]["value"]["properties"]["since"]["enum"] == list(Since)


# ── bad files ─────────────────────────────────────────────────────────────


def howto(kind: str) -> str:
    blocks = re.findall(rf"```yaml {kind}\n(.*?)```", HOWTO.read_text("utf-8"), re.DOTALL)
    assert len(blocks) == 1
    return str(blocks[0])


def mistakes(tmp_path: Path, text: str) -> list[Mistake]:
    path = tmp_path / "red.yaml"
    path.write_text(text, "utf-8")
    try:
        read_catalog(path)
    except CatalogFileError as error:
        return list(error.mistakes)
    return []


def test_the_examples_of_the_how_to_page_are_read(tmp_path: Path):
    whole = howto("catalogue")
    assert mistakes(tmp_path, whole) == []
    cell = howto("cell").strip()
    assert mistakes(tmp_path, re.sub(r"data_mb: \{.*\}", cell, whole)) == []


BAD = [
    ('face: {value: "10.00"', "face: {value: 10.00", "products.RED-10.face.value", "decimal number", "10.00"),
    ('face: {value: "10.00"', 'face: {value: "ten"', "products.RED-10.face.value", "10.00|amount|match", '"ten"'),
    ("lasts:", "lats:", "rules.red.lats", "did you mean 'lasts'", "lats"),
    ("value: true", "value: yes", "operators.red.prepaid.value", "write true or false", "yes"),
    ("name: Red 10", "name: Red 10\n    name: Red 11", "products.RED-10.name", "there twice .first in line", "Red 11"),
    ("delivery: {value: code", "delivery: {value: pigeon", "products.RED-10.delivery.value", "pigeon", "pigeon"),
    ("rules: red ", "rules: blue ", "operators.red.rules", "no 'blue'", "blue"),
    ("dated: 2026-11-20", "dated: 2026", "sources.red-site.dated", "string", "dated: 2026"),
    (', zh-Hans: "Red 有充值卡。"', "", "operators.red.notes.known", "zh-Hans", "Red sells"),
    ("sku: RED-FREE", "sku: RED-10", "products.RED-10", "is there twice", "RED-10"),
    ("{days: 30}", "&x {days: 30}, note: *x", "rules.red.lasts.note", "alias", "*x"),
    ("{days: 30}", "{days: 30}, verified_on: 20 Nov", "rules.red.lasts.verified_on", "ISO date", "20 Nov"),
]


@pytest.mark.parametrize(("right", "wrong", "about", "says", "line_has"), BAD)
def test_a_mistake_is_named_with_its_line_and_field(
    tmp_path: Path, right: str, wrong: str, about: str, says: str, line_has: str
):
    text = howto("catalogue")
    assert right in text
    bad = text.replace(right, wrong, 1)
    found = mistakes(tmp_path, bad)
    fitting = [m for m in found if m.about == about and re.search(says, m.what)]
    assert fitting, found
    assert fitting[0].file == "red.yaml"
    lines = bad.splitlines()
    assert line_has in lines[fitting[0].line - 1]


def test_all_mistakes_of_a_file_come_at_once_in_the_order_of_their_lines(tmp_path: Path):
    text = howto("catalogue").replace('"10.00"', "10.00").replace("lasts:", "lats:").replace('"50.00"', "50.00")
    lines = [mistake.line for mistake in mistakes(tmp_path, text)]
    assert len(lines) >= 2
    assert lines == sorted(lines)


NO_CATALOGUE = ["", "just words", "- a list", "a: [1", "a: b: c", "\tx: 1", "a: &a [*a]", "? [a]\n: b", "a: !!set {}"]


@pytest.mark.parametrize("text", NO_CATALOGUE)
def test_what_is_no_catalogue_is_refused_in_words(tmp_path: Path, text: str):
    assert mistakes(tmp_path, text)


def test_bytes_that_are_no_text_are_refused_in_words(tmp_path: Path):
    path = tmp_path / "red.yaml"
    path.write_bytes(b"\xff\xfe\x00country")
    with pytest.raises(CatalogFileError, match=r"red\.yaml:1"):
        read_catalog(path)


def test_a_mistake_in_the_sample_is_named_in_the_sample(tmp_path: Path):
    base, sample = tmp_path / "red.yaml", tmp_path / "red.sample.yaml"
    base.write_text(howto("catalogue"), "utf-8")
    sample.write_text(
        "catalogue: 1\noverlay: true\ncountry: BE\nsources: {made-up: {where: nowhere, dated: nd}}\nproducts:\n"
        "  - sku: RED-10\n    credit: {value: '10.00', sure: sample, source: made-up}\n"
        "    data_mb: {value: 9, sure: sample, source: made-up}\n",
        "utf-8",
    )
    with pytest.raises(CatalogFileError) as caught:
        read_catalog(base, sample)
    (mistake,) = caught.value.mistakes
    assert (mistake.file, mistake.line, mistake.about) == ("red.sample.yaml", 8, "products.RED-10.data_mb")


def test_a_document_from_the_back_office_is_judged_by_the_same_rules():
    assert mistakes_in(document()) == []
    changed = json.loads(json.dumps(document()))
    changed["products"][0]["fcae"] = changed["products"][0].pop("face")
    assert [m.about for m in mistakes_in(changed)] == ["products.PX-15.fcae"]
