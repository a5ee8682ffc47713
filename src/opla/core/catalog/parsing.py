"""From a document (as JSON has it) to a catalogue. Shapes are the schema's business; meaning is judged here.

Order comes from lists only: the database keeps documents as jsonb, which forgets the order of keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from opla.core.catalog.cell import Cell, Sure
from opla.core.catalog.model import (
    Apn,
    Catalog,
    Method,
    MethodKind,
    Need,
    NumberBlock,
    Operator,
    Plan,
    Product,
    Spoken,
    Status,
)
from opla.core.catalog.official import read_app, read_authority, read_term
from opla.core.catalog.place import CatalogError, Place, opened, texts
from opla.core.catalog.rules import (
    RULE_FIELDS,
    Activation,
    Allowance,
    AutoRenew,
    Content,
    CreditRenewal,
    EarlyRenewal,
    Length,
    NumberLife,
    PlanChange,
    Rules,
    Since,
    Starts,
)
from opla.core.money import Money
from opla.core.ports import Kind as Delivery

_DAY_MIN = 24 * 60

#: The version of the document's form that this code reads.
FORM = 1


def parse(document: Mapping[str, object]) -> Catalog:
    """The catalogue a document describes. Raises `CatalogError` with every problem and its path."""
    root = opened(document, "catalogue", FORM, "catalogues")
    reading = root.reading
    rules = {name: root["rules"].under(name, given) for name, given in root["rules"].mapping().items()}
    spoken = root["spoken"].several(Place.text) or ()
    operators = tuple(_operator(at, rules, spoken) for at in root["operators"].entries())
    by_id = {operator.id: operator for operator in operators}
    listed = tuple(_product(at, rules, by_id, root) for at in root["products"].entries())
    blocks = tuple(
        NumberBlock(_one_of(at["operator"], by_id), at["prefixes"].cell(_texts_list))
        for at in root["number_blocks"].entries()
    )
    authorities = tuple(read_authority(at) for at in root["authorities"].entries())
    _agree(root, operators, listed)
    if reading.problems:
        raise CatalogError(tuple(reading.problems))
    products = tuple(p for p in listed if not p.from_credit and not p.is_starter)
    bundles = tuple(p for p in listed if p.from_credit)
    zone = root.required("time_zone")
    return Catalog(
        root.required("country"), reading.currency, zone, reading.languages, operators, products, blocks, bundles,
        authorities, tuple(p for p in listed if p.is_starter),
    )  # fmt: skip


def _operator(at: Place, rules: Mapping[str, Place], spoken: tuple[str, ...]) -> Operator:
    return Operator(
        id=at.required("id"),
        name=at.required("name"),
        holder=at["holder"].cell(Place.text),
        host_network=at["host_network"].cell(Place.text),
        mcc_mnc=at["mcc_mnc"].cell(_texts_list),
        prepaid=at["prepaid"].cell(Place.boolean),
        esim=at["esim"].cell(Place.boolean),
        prepaid_esim=at["prepaid_esim"].cell(Place.boolean),
        website=at["website"].cell(Place.text),
        site_languages=at["site_languages"].cell(_texts_list),
        care_dial=at["care_dial"].cell(Place.text),
        care_text=at["care_text"].cell(Place.text),
        care_abroad=at["care_abroad"].cell(Place.text),
        care_chat=at["care_chat"].cell(Place.text),
        care_email=at["care_email"].cell(Place.text),
        care_hours=at["care_hours"].cell(Place.text),
        care_languages=at["care_languages"].cell(_texts_list),
        spoken=spoken,
        shops=at["shops"].cell(Place.text),
        information_sheet=at["information_sheet"].cell(Place.text),
        app=read_app(at["app"]),
        terms=tuple(entry.cell(read_term) for entry in at["terms"].entries()),
        network_generation=at["network_generation"].cell(Place.text),
        max_mbps=at["max_mbps"].cell(Place.whole),
        code_digits=at["code_digits"].cell(Place.whole),
        apn=at["apn"].cell(_apn),
        sim_price=at["sim_price"].cell(_money),
        own_number=at["own_number"].cell(_method),
        balance=tuple(entry.cell(_method) for entry in at["balance"].entries()),
        redeem=tuple(entry.cell(_method) for entry in at["redeem"].entries()),
        top_up_sms=tuple(
            Spoken(entry.required("id"), entry["text"].cell(Place.text)) for entry in at["top_up_sms"].entries()
        ),
        plans=tuple(_plan(entry) for entry in at["plans"].entries()),
        notes=MappingProxyType({key: texts(at["notes"][key]) for key in at["notes"].mapping()}),
        rules=_rules(_named(at, rules)),
    )


def _plan(at: Place) -> Plan:
    return Plan(at.required("id"), at["name"].cell(Place.text), at["status"].cell(lambda here: here.enum(Status)))


def _product(at: Place, rules: Mapping[str, Place], operators: Mapping[str, Operator], root: Place) -> Product:
    operator = operators.get(_one_of(at["operator"], operators))
    shared = _rules(_named(at, rules)) if at["rules"].value is not None else operator.rules if operator else Rules()
    own = _rules(at)
    product = Product(
        sku=at.required("sku"),
        operator=operator.id if operator else "",
        name=at.required("name"),
        currency=at.reading.currency,
        delivery=at["delivery"].cell(lambda here: here.enum(Delivery)),
        status=at["status"].cell(lambda here: here.enum(Status)),
        rules=_on_network(_over(own, shared, at), operator),
        face=at["face"].cell(_money),
        low=at["min"].cell(_money),
        high=at["max"].cell(_money),
        step=at["step"].cell(_money),
        from_credit=at["credit_price"].value is not None,
        time_zone=root.required("time_zone"),
        needs=at["needs"].cell(_needs),
    )
    _price_is_whole(product, at)
    _rules_agree(product, at)
    if operator:
        _plans_exist(product.rules, operator, at)
    return product


def _price_is_whole(product: Product, at: Place) -> None:
    """A face value, or all of min, max and step; and what cannot be left unknown is not."""
    if product.from_credit:
        if product.face.known or product.low.known or product.high.known or product.step.known:
            at["credit_price"].fail("what is bought with credit has no price in money")
        return
    for name, cell in (("delivery", product.delivery), ("status", product.status)):
        if not cell.known:
            at[name].fail("is needed to sell it, so it cannot be unknown")
    if product.needs.known and not product.is_starter:
        at["needs"].fail("is said of starters: of what is delivered as esim or sim")
    if product.is_starter and not product.face.known:
        at["face"].fail("a starter has one price, with what is on it")
    low, high, step = product.low.value, product.high.value, product.step.value
    if product.face.value is not None:
        if low or high or step:
            at["face"].fail("a product has a face value or a range, not both")
        if product.face.value.amount_minor <= 0:
            at["face"].fail("must be above zero")
    elif low is None or high is None or step is None:
        at.fail("needs 'face', or all of 'min', 'max' and 'step', or 'credit_price'")
    elif not 0 < low.amount_minor <= high.amount_minor or step.amount_minor <= 0:
        at.fail("needs 0 < min ≤ max and a step above zero")
    elif (high.amount_minor - low.amount_minor) % step.amount_minor:
        at["max"].fail("cannot be reached from min by whole steps")


def _rules_agree(product: Product, at: Place) -> None:
    """Rules that contradict each other, or could take money and leave nothing, are no rules."""
    rules = product.rules
    if product.from_credit or (rules.contents.known and Content.CREDIT not in (rules.contents.value or ())):
        gates = [name for name in ("bonus_min", "bonus_window_days", "bonus_plans") if getattr(rules, name).known]
        if rules.early_renewal.value is EarlyRenewal.CREDIT_ADDS:
            gates.append("early_renewal")
        for name in gates:
            at[name].fail("may leave nothing but the credit, and this gives none")
    if rules.contents.value == ():
        at["contents"].fail("must name something that it gives")
    if rules.once_a_day.value and rules.lasts.value and 0 < rules.lasts.value.minutes < _DAY_MIN:
        at["once_a_day"].fail("cannot be said of what lasts less than a day: nothing is left to know it by")


def _rules(at: Place) -> Rules:
    """The rule cells standing directly at this place."""
    return Rules(
        contents=at["contents"].cell(_contents),
        credit_price=at["credit_price"].cell(_money),
        credit=at["credit"].cell(_money),
        data_mb=at["data_mb"].cell(_allowance),
        data_full_speed_mb=at["data_full_speed_mb"].cell(Place.whole),
        data_then_kbps=at["data_then_kbps"].cell(Place.whole),
        eu_data_mb=at["eu_data_mb"].cell(_allowance),
        voice_min=at["voice_min"].cell(_allowance),
        sms=at["sms"].cell(_allowance),
        network_generation=at["network_generation"].cell(Place.text),
        max_mbps=at["max_mbps"].cell(Place.whole),
        lasts=at["lasts"].cell(_length_or_number),
        starts=at["starts"].cell(lambda here: here.enum(Starts)),
        early_renewal=at["early_renewal"].cell(lambda here: here.enum(EarlyRenewal)),
        group=at["group"].cell(Place.text),
        once_a_day=at["once_a_day"].cell(Place.boolean),
        bonus_min=at["bonus_min"].cell(_money),
        bonus_window_days=at["bonus_window_days"].cell(Place.whole),
        bonus_needs_plan=at["bonus_needs_plan"].cell(Place.boolean),
        bonus_plans=at["bonus_plans"].cell(_texts_list),
        credit_lasts=at["credit_lasts"].cell(_length_or_number),
        credit_renewal=at["credit_renewal"].cell(lambda here: here.enum(CreditRenewal)),
        credit_cap=at["credit_cap"].cell(_length),
        number_life=at["number_life"].cell(_number_life),
        number_grace=at["number_grace"].cell(_length),
        plan_change=at["plan_change"].cell(lambda here: here.enum(PlanChange)),
        plan_change_loses=at["plan_change_loses"].cell(_contents),
        plan_change_loses_to=at["plan_change_loses_to"].cell(_texts_list),
        auto_renew=at["auto_renew"].cell(lambda here: here.enum(AutoRenew)),
        reidentify_months=at["reidentify_months"].cell(Place.whole),
        activation=at["activation"].cell(lambda here: here.enum(Activation)),
        starts_after=at["starts_after"].cell(_length),
        code_expires=at["code_expires"].cell(Place.boolean),
        use_by=at["use_by"].cell(Place.day),
    )


def _over(own: Rules, shared: Rules, at: Place) -> Rules:
    """A product's own cells over those it shares. An invented one never hides a known one."""
    merged: dict[str, Cell[object]] = {}
    for name in RULE_FIELDS:
        mine: Cell[object] = getattr(own, name)
        theirs: Cell[object] = getattr(shared, name)
        if mine.sure is Sure.SAMPLE and theirs.known and theirs.sure is not Sure.SAMPLE:
            at[name].fail("a sample figure would hide a known one")
        merged[name] = mine if at[name].value is not None else theirs
    return Rules(**merged)  # type: ignore[arg-type]  # each cell goes back under the name it was read from


def _on_network(rules: Rules, operator: Operator | None) -> Rules:
    """What the operator's network offers, where the product does not say otherwise."""
    if operator is None:
        return rules
    return replace(
        rules,
        network_generation=rules.network_generation if rules.network_generation.known else operator.network_generation,
        max_mbps=rules.max_mbps if rules.max_mbps.known else operator.max_mbps,
    )


def _plans_exist(rules: Rules, operator: Operator, at: Place) -> None:
    known = {plan.id for plan in operator.plans}
    for name in ("bonus_plans", "plan_change_loses_to"):
        cell: Cell[tuple[str, ...]] = getattr(rules, name)
        for plan in cell.value or ():
            if plan not in known:
                at[name].fail(f"operator {operator.id!r} has no plan {plan!r}")


def _agree(root: Place, operators: tuple[Operator, ...], products: tuple[Product, ...]) -> None:
    """Names are unique, and what the parts say of each other is no contradiction."""
    for section, names in (("operators", [o.id for o in operators]), ("products", [p.sku for p in products])):
        for name in sorted({n for n in names if names.count(n) > 1}):
            root[section].under(name, None).fail("is there twice")
    for operator in operators:
        own = [p for p in products if p.operator == operator.id]
        sold = any(not p.from_credit and not p.is_starter for p in own)
        place = root["operators"].under(operator.id, None)
        if own and operator.prepaid.value is False:
            place["prepaid"].fail("it has products, so it has prepaid")
        if not sold and not operator.notes:
            place["notes"].fail("without a top-up, its page must say what is known, what is not, and what to do")


def _named(at: Place, rules: Mapping[str, Place]) -> Place:
    """The rule set named under `rules`, or an empty place."""
    key = at["rules"]
    if key.value is None:
        return key
    return rules.get(_one_of(key, rules), key.under("", None))


def _one_of(at: Place, known: Mapping[str, object]) -> str:
    name = at.text()
    if name is None or name in known:
        return name or ""
    at.fail(f"no {name!r} is in this catalogue")
    return ""


def _money(at: Place) -> Money | None:
    amount = Money.parse(at.value, at.reading.currency) if isinstance(at.value, str) else None
    if amount is None or amount.amount_minor < 0:
        at.fail('must be an amount in quotes, such as "15.00"')
        return None
    return amount


def _allowance(at: Place) -> Allowance | None:
    return "unlimited" if at.value == "unlimited" else at.whole()


def _texts_list(at: Place) -> tuple[str, ...] | None:
    return at.several(Place.text)


def _contents(at: Place) -> tuple[Content, ...] | None:
    return at.several(lambda here: here.enum(Content))


def _needs(at: Place) -> tuple[Need, ...] | None:
    return at.several(lambda here: here.enum(Need))


#: Longer than anything that is sold, and short enough that no instant computed from it leaves the calendar.
_MOST = {"minutes": 60 * 24 * 60, "hours": 24 * 60, "days": 3660, "months": 120}


def _length(at: Place) -> Length | None:
    """A time in one unit. Hours are kept as minutes of the clock; days and months follow the calendar."""
    if isinstance(at.value, Mapping) and len(at.value) == 1:
        ((unit, count),) = at.value.items()
        if unit in _MOST and type(count) is int and 0 < count <= _MOST[unit]:
            return Length(minutes=60 * count) if unit == "hours" else Length(**{unit: count})
    at.fail("must be one of {minutes: N}, {hours: N}, {days: N}, {months: N}, above zero and no longer than ten years")
    return None


def _length_or_number(at: Place) -> Length | None:
    return Length() if at.value == "as_the_number" else _length(at)


def _number_life(at: Place) -> NumberLife | None:
    length, since = _length(at["length"]), at["since"].enum(Since)
    return NumberLife(length, since) if length and since else None


def _method(at: Place) -> Method | None:
    kind = at["kind"].enum(MethodKind)
    if kind is None:
        return None
    method = Method(kind, at.optional("dial"), at.optional("to"), at.optional("body"), at.optional("url"))
    needed = {MethodKind.USSD: method.dial, MethodKind.CALL: method.dial, MethodKind.SMS: method.to}.get(kind, "-")
    if not needed:
        at.fail("ussd and call need 'dial'; sms needs 'to'")
    return method


def _apn(at: Place) -> Apn | None:
    name = at["name"].text()
    return Apn(name, at.optional("user"), at.optional("password")) if name else None
