from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core.catalog import (
    Catalog,
    CatalogError,
    Cell,
    EarlyRenewal,
    FactKind,
    Length,
    Operator,
    Product,
    RedeemBy,
    Shown,
    Sure,
    check,
    describe,
    diff,
    group,
    overlay,
    parse,
    redeem,
    sellable,
    tel_uri,
    text_in,
)
from opla.core.refusal import Code, Refusal

Json = dict[str, object]


def cell(value: object, sure: str = "A", **more: object) -> Json:
    return {"value": value, "sure": sure, "source": "page", **more}


def priced(sku: str, operator: str, face: str, **more: object) -> Json:
    return {
        "sku": sku,
        "operator": operator,
        "name": sku,
        "face": cell(face),
        "delivery": cell("code"),
        "status": cell("on_sale"),
        **more,
    }


def ranged(sku: str, operator: str, low: str, high: str, step: str, **more: object) -> Json:
    product = priced(sku, operator, "1.00", min=cell(low), max=cell(high), step=cell(step), **more)
    del product["face"]
    return product


NOTES = {key: {"en": "words", "zh-Hans": "文字"} for key in ("known", "not_known", "what_to_do")}


def document() -> Json:
    return {
        "catalogue": 1,
        "country": "BE",
        "currency": "EUR",
        "time_zone": "Europe/Brussels",
        "languages": ["en", "zh-Hans"],
        "sources": {"page": {"where": "a page", "dated": "2026-04-24"}, "old": {"where": "a talk", "dated": "2013"}},
        "operators": [
            {
                "id": "red",
                "name": "Red",
                "rules": "red",
                "redeem": [
                    cell({"kind": "ussd", "dial": "*121*{code}#"}, "C"),
                    cell({"kind": "sms", "to": "1914", "body": "TOPUP {code}"}),
                ],
            },
            {"id": "blue", "name": "Blue", "care_dial": cell("1999"), "website": cell("blue.example")},
            {"id": "quiet", "name": "Quiet", "notes": NOTES},
        ],
        "number_blocks": [
            {"operator": "red", "prefixes": cell(["+3247"])},
            {"operator": "blue", "prefixes": cell(["+32471"])},
        ],
        "rules": {"red": {"lasts": cell({"days": 31}), "contents": cell(["credit", "data"])}},
        "products": [
            priced("R-15", "red", "15.00"),
            priced("R-25", "red", "25.00"),
            priced("R-30", "red", "30.00", status=cell("withdrawn")),
            priced("B-10", "blue", "10.00", delivery=cell("direct")),
            priced("B-10C", "blue", "10.00"),
            ranged("B-FREE", "blue", "5.00", "50.00", "1.50", delivery=cell("direct")),
        ],
    }


@cache
def catalog() -> Catalog:
    return parse(document())


def sold(sku: str) -> Product:
    product = catalog().product(sku)
    assert product
    return product


def brand(name: str) -> Operator:
    operator = catalog().operator(name)
    assert operator
    return operator


def changed(path: str, value: object) -> Json:
    """The document with one field set: `operators.0.prepaid`."""
    copy: Json = json.loads(json.dumps(document()))
    here: object = copy
    *way, last = path.split(".")
    for key in way:
        here = here[int(key)] if isinstance(here, list) else here.setdefault(key, {})  # type: ignore[attr-defined]  # JSON
    here[last] = value  # type: ignore[index]  # JSON
    return copy


# ── document → catalogue ──────────────────────────────────────────────────


def test_a_document_reads_the_same_after_the_database_has_forgotten_the_order_of_its_keys():
    def shuffled(value: object) -> object:
        if isinstance(value, dict):
            return {key: shuffled(value[key]) for key in sorted(value, key=lambda k: (len(k), k))}
        return [shuffled(one) for one in value] if isinstance(value, list) else value

    stored = json.loads(json.dumps(shuffled(document())))
    assert stored == document()
    assert parse(stored) == catalog()
    assert [p.sku for p in parse(stored).products] == [p.sku for p in catalog().products]


def test_reading_a_document_leaves_it_as_it_was():
    given_document = document()
    parse(given_document)
    assert given_document == document()


WRONG = [
    ("catalogue", 2, "catalogue"),
    ("currency", "XXX", "currency"),
    ("operators.0.prepaid", cell(value=False), "operators.red.prepaid"),
    ("operators.0.prepaid", cell("maybe"), "operators.red.prepaid.value"),
    ("operators.0.rules", "green", "operators.red.rules"),
    ("operators.1.id", "red", "operators.red"),
    ("operators.2.notes", {}, "operators.quiet.notes"),
    ("operators.2.notes", {"known": {"en": "only"}}, "operators.quiet.notes.known"),
    ("products.0.operator", "green", "products.R-15.operator"),
    ("products.0.sku", "R-25", "products.R-25"),
    ("products.0.face", cell(15), "products.R-15.face.value"),
    ("products.0.face", cell("15.001"), "products.R-15.face.value"),
    ("products.0.face", cell("0.00"), "products.R-15.face"),
    ("products.0.face", {"sure": "unknown", "source": "page"}, "products.R-15"),
    ("products.0.min", cell("5.00"), "products.R-15.face"),
    ("products.0.status", {"sure": "unknown", "source": "page"}, "products.R-15.status"),
    ("products.0.delivery", cell("pigeon"), "products.R-15.delivery.value"),
    ("products.0.delivery", cell("code", "D"), "products.R-15.delivery.sure"),
    ("products.0.delivery", cell("code", source="rumour"), "products.R-15.delivery.source"),
    ("products.0.credit", cell(None), "products.R-15.credit"),
    ("products.0.credit", cell("15.00", "unknown"), "products.R-15.credit"),
    ("products.0.credit", "15.00", "products.R-15.credit"),
    ("products.0.credit", cell("15.00", verified_on="24/4/2026"), "products.R-15.credit.verified_on"),
    ("products.0.lasts", cell({"days": 0}), "products.R-15.lasts.value"),
    ("products.0.lasts", cell({"days": 3}, "sample"), "products.R-15.lasts"),
    ("products.0.contents", cell([]), "products.R-15.contents"),
    ("products", [priced("R-1", "red", "1.00", once_a_day=cell(value=True), lasts=cell({"hours": 2}))],
     "products.R-1.once_a_day"),
    ("products", [priced("R-1", "red", "1.00", contents=cell(["sms"]), bonus_min=cell("2.00"))],
     "products.R-1.bonus_min"),
    ("products", [priced("R-1", "red", "1.00", contents=cell(["sms"]), early_renewal=cell("credit_adds"))],
     "products.R-1.early_renewal"),
    ("products.0.credit_price", cell("5.00"), "products.R-15.credit_price"),
    ("products.0.data_mb", cell(4.5), "products.R-15.data_mb.value"),
    ("products.5.max", cell("4.00"), "products.B-FREE"),
    ("products.5.max", cell("50.20"), "products.B-FREE.max"),
    ("products.5.step", cell("0.00"), "products.B-FREE"),
    ("number_blocks.0.operator", "green", "number_blocks.0.operator"),
    ("operators.0.redeem", [cell({"kind": "sms", "body": "x"})], "operators.red.redeem.0.value"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "named"), WRONG)
def test_a_mistake_is_named_by_its_path(path: str, value: object, named: str):
    with pytest.raises(CatalogError) as caught:
        parse(changed(path, value))
    assert named in [".".join(map(str, problem.path)) for problem in caught.value.problems]


def test_all_mistakes_are_named_at_once():
    wrong = changed("products.0.face", cell(15))
    wrong["operators"][0]["prepaid"] = cell("maybe")  # type: ignore[index]  # JSON
    with pytest.raises(CatalogError) as caught:
        parse(wrong)
    assert {p.path[0] for p in caught.value.problems} == {"products", "operators"}


# ── cells ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("sure", "shown"),
    [
        (Sure.A, Shown.FACT),
        (Sure.B, Shown.FACT),
        (Sure.C, Shown.REPORTED),
        (Sure.UNKNOWN, Shown.NOT_VERIFIED),
        (Sure.SAMPLE, Shown.SAMPLE),
    ],
)
def test_how_a_figure_is_said_follows_from_how_sure_it_is(sure: Sure, shown: Shown):
    assert Cell(None if sure is Sure.UNKNOWN else 1, sure).shown_as is shown


@pytest.mark.parametrize(("sure", "shown"), [(Sure.A, Shown.REPORTED), (Sure.SAMPLE, Shown.SAMPLE)])
def test_a_disputed_figure_is_never_shown_as_fact(sure: Sure, shown: Shown):
    assert Cell(1, sure, disputed="another page says 2").shown_as is shown


@pytest.mark.parametrize(
    ("given_cell", "dated", "seen"),
    [
        (cell("code"), "2026-04-24", date(2026, 4, 24)),
        (cell("code", source="old"), "2013", None),
        (cell("code", source="old", verified_on="2026-05-01"), "2013", date(2026, 5, 1)),
    ],
)
def test_a_cell_carries_its_source_and_the_day_it_was_seen(given_cell: Json, dated: str, seen: date | None):
    product = parse(changed("products.0.delivery", given_cell)).product("R-15")
    assert product
    assert (product.delivery.dated, product.delivery.verified_on) == (dated, seen)


def test_a_field_left_out_is_unknown():
    assert sold("R-15").rules.credit.sure is Sure.UNKNOWN


def test_a_product_has_the_rules_of_its_operator_unless_it_says_otherwise():
    own = parse(changed("products.0.lasts", cell({"months": 1}))).product("R-15")
    assert own
    assert own.rules.lasts.value == Length(months=1)
    assert sold("R-25").rules.lasts.value == Length(days=31)


def test_a_text_in_a_language_we_do_not_have_is_said_in_english():
    assert [text_in(NOTES["known"], tag) for tag in ("zh-Hans", "fr")] == ["文字", "words"]


@pytest.mark.parametrize(("texts", "said"), [({"nl": "woorden", "fr": "mots"}, "woorden"), ({}, "")])
def test_a_text_without_english_is_said_as_it_was_written(texts: dict[str, str], said: str):
    assert text_in(texts, "de") == said


# ── finding ───────────────────────────────────────────────────────────────

FOUND = [
    ("red", 1500, "R-15"),
    ("red", 2500, "R-25"),
    ("blue", 1000, "B-10C"),  # a code before a direct one, a fixed amount before a range
    ("blue", 500, "B-FREE"),
    ("blue", 650, "B-FREE"),
    ("blue", 5000, "B-FREE"),
    ("green", 1500, Code.OPERATOR_UNKNOWN),
    ("quiet", 1500, Code.OPERATOR_WITHOUT_PREPAID),
    ("red", 1501, Code.AMOUNT_NOT_OFFERED),
    ("red", 0, Code.AMOUNT_NOT_OFFERED),
    ("red", -1500, Code.AMOUNT_NOT_OFFERED),
    ("red", 3000, Code.PRODUCT_WITHDRAWN),
    ("blue", 499, Code.AMOUNT_BELOW_MIN),
    ("blue", 5001, Code.AMOUNT_ABOVE_MAX),
    ("blue", 525, Code.AMOUNT_OFF_STEP),
]


@pytest.mark.parametrize(("operator", "amount_minor", "expected"), FOUND)
def test_an_amount_finds_its_product_exactly_or_says_why_not(operator: str, amount_minor: int, expected: str | Code):
    found = catalog().find(operator, amount_minor)
    assert (found.code if isinstance(found, Refusal) else found.sku) == expected


def test_a_refused_amount_says_which_amounts_there_are():
    fixed, free = catalog().find("red", 1), catalog().find("blue", 1)
    assert isinstance(fixed, Refusal)
    assert isinstance(free, Refusal)
    assert fixed.params == {"currency": "EUR", "offered": "1500 2500"}
    assert free.params == {"currency": "EUR", "offered": "1000", "min": "500", "max": "5000", "step": "150"}


@given(st.integers(-100, 6000))
def test_a_range_takes_its_steps_and_nothing_between(amount_minor: int):
    fits = amount_minor in range(500, 5001, 150)
    assert (sold("B-FREE").accepts(amount_minor) is None) is fits


def test_an_operator_whose_products_are_all_withdrawn_has_none_to_offer():
    withdrawn = document()
    withdrawn["products"] = [priced("R-15", "red", "15.00", status=cell("withdrawn"))]
    withdrawn["operators"][1]["notes"] = NOTES  # type: ignore[index]  # JSON
    found = parse(withdrawn).find("red", 900)
    assert isinstance(found, Refusal)
    assert found.code is Code.OPERATOR_WITHOUT_PREPAID


def test_a_product_of_another_operator_is_refused():
    assert check(sold("R-15"), "red") is None
    refusal = check(sold("R-15"), "blue")
    assert refusal
    assert refusal.code is Code.PRODUCT_OF_ANOTHER_OPERATOR


@pytest.mark.parametrize(
    ("e164", "expected"), [("+32470123456", "red"), ("+32471123456", "blue"), ("+33612345678", None)]
)
def test_the_longest_block_gives_the_hint(e164: str, expected: str | None):
    hint = catalog().hinted_operator(e164)
    assert (hint.id if hint else None) == expected


SALES = [
    ("face", cell("15.00", "sample"), False, Code.PRODUCT_SAMPLE_ONLY),
    ("face", cell("15.00", "sample"), True, None),
    ("delivery", cell("direct", "sample"), False, Code.PRODUCT_SAMPLE_ONLY),
    ("status", cell("on_sale", "sample"), False, Code.PRODUCT_SAMPLE_ONLY),
    ("status", cell("withdrawn"), True, Code.PRODUCT_WITHDRAWN),
    ("data_mb", {"sure": "unknown", "source": "page"}, False, None),
    ("data_mb", cell(4000, "sample"), False, None),  # the price is real; what it gives is labelled
    ("face", cell("15.00", "C"), False, None),
]


@pytest.mark.parametrize(("name", "value", "sandbox", "expected"), SALES)
def test_what_may_be_sold(name: str, value: object, sandbox: bool, expected: Code | None):
    product = parse(changed(f"products.0.{name}", value)).product("R-15")
    assert product
    refusal = sellable(product, sandbox=sandbox)
    assert (refusal.code if refusal else None) == expected


# ── facts ─────────────────────────────────────────────────────────────────


def kinds(product: Product) -> list[str]:
    return [fact.kind.value for fact in describe(product)]


def test_what_a_product_gives_is_said_even_when_the_amount_is_unknown():
    assert kinds(sold("R-15")) == ["credit", "data_mb", "lasts", "early_renewal", "credit_lasts", "delivery"]
    assert describe(sold("R-15"))[1].cell.shown_as is Shown.NOT_VERIFIED


def test_a_product_nobody_knows_the_contents_of_says_so_first():
    assert kinds(sold("B-10")) == ["contents", "lasts", "early_renewal", "credit_lasts", "delivery"]


def test_credit_alone_has_no_benefit_that_could_end():
    only = parse(changed("products.0.contents", cell(["credit"]))).product("R-15")
    assert only
    assert kinds(only) == ["credit", "early_renewal", "credit_lasts", "delivery"]


def test_the_value_of_a_fact_is_the_core_type_its_kind_promises():
    renewed = parse(changed("products.0.early_renewal", cell("queue"))).product("R-15")
    assert renewed
    values = {fact.kind: fact.cell.value for fact in describe(renewed)}
    assert values[FactKind.EARLY_RENEWAL] is EarlyRenewal.QUEUE
    assert values[FactKind.LASTS] == Length(days=31)


# ── redeeming ─────────────────────────────────────────────────────────────


def test_a_code_becomes_a_link_to_tap_with_its_hash_encoded():
    dialled, texted = redeem(brand("red"), "4821 9034 7715 2")
    assert (dialled.kind, dialled.dial, dialled.tel_uri, dialled.sure) == (
        RedeemBy.USSD, "*121*4821903477152#", "tel:*121*4821903477152%23", Sure.C,
    )  # fmt: skip
    assert (texted.sms_to, texted.sms_body) == ("1914", "TOPUP 4821903477152")
    assert texted.sms_uri == "sms:1914?body=TOPUP%204821903477152"


def test_without_a_known_way_it_says_so_and_points_to_care():
    (only,) = redeem(brand("blue"), "4821")
    assert (only.kind, only.sure, only.dial, only.url) == (RedeemBy.CARE, Sure.UNKNOWN, "1999", "blue.example")
    assert "4821" not in only.dial + only.tel_uri + only.url


def test_a_redemption_never_prints_the_code():
    assert "4821903477152" not in repr(redeem(brand("red"), "4821903477152"))


@pytest.mark.parametrize(
    ("code", "shown"), [("4821903477152", "4821 9034 7715 2"), ("1234 5678", "1234 5678"), ("", ""), ("12", "12")]
)
def test_a_code_is_read_aloud_in_fours(code: str, shown: str):
    assert group(code) == shown


def test_a_number_with_its_plus_stays_dialable():
    assert tel_uri("+32486191999") == "tel:+32486191999"


# ── documents ─────────────────────────────────────────────────────────────


def sample(*products: Json) -> Json:
    return {"overlay": True, "country": "BE", "products": list(products)}


def test_a_sample_fills_gaps_and_adds_products_at_the_end():
    added = priced("R-99", "red", "99.00")
    for name in ("face", "delivery", "status"):
        added[name] = cell(added[name]["value"], "sample")  # type: ignore[index]  # JSON
    merged = overlay(document(), sample({"sku": "R-15", "data_mb": cell(4000, "sample")}, added))
    both = parse(merged)
    assert [p.sku for p in both.products] == [*(p.sku for p in catalog().products), "R-99"]
    first = both.product("R-15")
    assert first
    assert (first.rules.data_mb.value, first.rules.lasts.sure) == (4000, Sure.A)
    assert "overlay" not in merged


@pytest.mark.parametrize(
    "wrong",
    [
        {"sku": "R-15", "data_mb": cell(4000, "A")},
        {"sku": "R-15", "face": cell("16.00", "sample")},
        {"sku": "R-15", "operator": "blue"},
    ],
)
def test_a_sample_that_hides_a_fact_or_brings_one_is_refused(wrong: Json):
    with pytest.raises(CatalogError, match="R-15"):
        overlay(document(), sample(wrong))


def test_a_sample_of_another_country_is_refused():
    with pytest.raises(CatalogError, match="same country"):
        overlay(document(), {**sample(), "country": "NL"})


def test_a_catalogue_does_not_differ_from_itself():
    assert diff(document(), document()) == []


def test_a_difference_names_the_cell_and_whose_it_is():
    (change,) = diff(document(), changed("products.0.face", cell("16.00", "B")))
    assert change.path == ("products", "R-15", "face")
    assert (change.subject, change.old, change.new) == ("R-15 (R-15)", cell("15.00"), cell("16.00", "B"))
    assert str(change) == "R-15 (R-15): products.R-15.face: 15.00 (A, page) → 16.00 (B, page)"


def test_a_product_added_or_removed_is_one_difference():
    less = document()
    less["products"] = less["products"][1:]  # type: ignore[index]  # JSON
    (removed,) = diff(document(), less)
    (added,) = diff(less, document())
    assert (removed.path, removed.new, added.old) == (("products", "R-15"), None, None)
    assert removed.subject == added.subject == "R-15 (R-15)"


def _leaves(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, Mapping) and "sure" not in value:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*path, index))
    else:
        yield path


def test_whatever_single_field_changes_is_found():
    for path in _leaves(document()):
        new = json.loads(json.dumps(document()))
        here = new
        for key in path[:-1]:
            here = here[key]
        here[path[-1]] = "changed"
        assert diff(document(), new), path
