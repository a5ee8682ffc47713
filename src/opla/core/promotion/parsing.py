"""From a document (as JSON has it) to promotions. Shapes are the schema's business; meaning is judged here.

Times are written as clocks show them, with their zone beside: `from: "2026-12-01 00:00"`. One that a clock change
skips or repeats is refused, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from opla.core.catalog import Catalog, CatalogError, Length, Sure, Texts, cells
from opla.core.catalog.place import Place, opened
from opla.core.money import Money
from opla.core.promotion.model import (
    Benefit,
    Bonus,
    Channel,
    FeeWaived,
    Off,
    OperatorPromotion,
    Percent,
    Promotion,
    Promotions,
    Window,
    read_coupon,
)

#: The version of the document's form that this code reads.
FORM: Final = 1

_GIVEN_BY_OPERATORS: Final = (
    "is a bonus, which only the operator can give: this shop delivers one product per order and nothing beside it. "
    "Write what an operator gives under 'theirs'; a promotion of ours is 'percent', 'amount' or 'fee: waived'"
)
_CLOCK: Final = 'must be a time as a clock shows it, such as "2026-12-01 00:00"'


@dataclass(frozen=True)
class _Reader:
    zone: ZoneInfo
    groups: frozenset[str]
    catalog: Catalog | None


def parse_promotions(document: Mapping[str, object], catalog: Catalog | None = None) -> Promotions:
    """What a document describes; with `catalog`, operators and products must be in it.

    Raises `CatalogError` with every problem and its path.
    """
    root = opened(document, "promotions", FORM, "promotions")
    reading = root.reading
    if catalog is not None and reading.currency != catalog.currency:
        root["currency"].fail(f"the catalogue's is {catalog.currency}")
    groups = {at.required("id"): _words(at["email_domains"]) for at in root["groups"].entries()}
    reader = _Reader(_zone(root["time_zone"]), frozenset(groups), catalog)
    found = Promotions(
        reading.currency,
        tuple(_promotion(at, reader) for at in root["ours"].entries()),
        tuple(_operator_promotion(at, reader) for at in root["theirs"].entries()),
        MappingProxyType(groups),
        root["sample"].value is True,
    )
    _agree(root, found, document)
    if reading.problems:
        raise CatalogError(tuple(reading.problems))
    return found


def _promotion(at: Place, reader: _Reader) -> Promotion:
    group = at.optional("group")
    stacks = at["stacks"].value is not None and at["stacks"].boolean() is True
    if group and not stacks:
        at["group"].fail("is for promotions that stack: of a group, one at most applies beside others")
    return Promotion(
        id=at.required("id"),
        title=_title(at["title"]),
        window=_window(at, reader),
        benefit=_benefit(at["gives"]),
        operators=_operators(at["operators"], reader),
        products=_products(at["products"], reader),
        minimum_minor=_minor(at["minimum"]),
        channels=frozenset(at["channels"].several(lambda here: here.enum(Channel)) or ()),
        first_purchase=at["first_purchase"].value is not None and at["first_purchase"].boolean() is True,
        groups=_known_groups(at["groups"], reader),
        coupons=_coupons(at["coupons"]) | _words(at["sealed_coupons"]),
        most_uses=_count(at["most_uses"]),
        most_each=_count(at["most_each"]),
        stacks=stacks,
        group=group,
    )


def _benefit(at: Place) -> Benefit:
    given = at.mapping()
    for name in ("bonus", "credit", "data_mb", "voice_min", "sms"):
        if name in given:
            at[name].fail(_GIVEN_BY_OPERATORS)
            return FeeWaived()
    match given:
        case {"percent": int(percent)} if len(given) == 1 and type(percent) is int and 0 < percent <= 100:
            return Percent(percent)
        case {"amount": str(_)} if len(given) == 1 and (amount := _money(at["amount"])) is not None:
            if amount.amount_minor == 0:
                at["amount"].fail("must be more than nothing")
            return Off(amount)
        case {"fee": "waived"} if len(given) == 1:
            return FeeWaived()
    at.fail('must be one of {percent: 1 to 100}, {amount: "2.00"} or {fee: waived}')
    return FeeWaived()


def _operator_promotion(at: Place, reader: _Reader) -> OperatorPromotion:
    operator = at.required("operator")
    if reader.catalog is not None and operator and reader.catalog.operator(operator) is None:
        at["operator"].fail(f"no {operator!r} is in the catalogue")
    return OperatorPromotion(
        id=at.required("id"),
        operator=operator,
        title=_title(at["title"]),
        start=at["from"].cell(lambda here: _instant(here, reader.zone)),
        until=at["until"].cell(lambda here: _instant(here, reader.zone)),
        products=_products(at["products"], reader),
        minimum=at["minimum"].cell(_money),
        gives=at["gives"].cell(_bonus),
    )


def _bonus(at: Place) -> Bonus | None:
    credit = _money(at["credit"]) if at["credit"].value is not None else None
    data_mb, voice_min, sms = (
        (at[name].whole() or 0) if at[name].value is not None else 0 for name in ("data_mb", "voice_min", "sms")
    )
    if not (credit or data_mb or voice_min or sms):
        at.fail("must give credit, data_mb, voice_min or sms")
        return None
    return Bonus(credit, data_mb, voice_min, sms, _length(at["lasts"]))


def _length(at: Place) -> Length | None:
    match at.value:
        case None:
            return None
        case {"days": int(days)} if days > 0:
            return Length(days=days)
        case {"months": int(months)} if months > 0:
            return Length(months=months)
    at.fail("must be {days: N} or {months: N}")
    return None


def _window(at: Place, reader: _Reader) -> Window:
    zone = _zone(at["time_zone"]) if at["time_zone"].value is not None else reader.zone
    start = _instant(at["from"], zone) or datetime.min.replace(tzinfo=UTC)
    until = _instant(at["until"], zone) if at["until"].value is not None else None
    if until is not None and until <= start:
        at["until"].fail("must be later than 'from': it is the first moment at which the promotion no longer runs")
    return Window(start, until)


def _instant(at: Place, zone: ZoneInfo) -> datetime | None:
    """A clock's time in this zone as an instant; refused when that clock shows it twice, or never."""
    try:
        local = datetime.fromisoformat(at.value) if isinstance(at.value, str) else None
    except ValueError:
        local = None
    if local is None or local.tzinfo is not None:
        at.fail(_CLOCK)
        return None
    first, second = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
        at.fail(f"no clock in {zone.key} shows this time: it is skipped in spring")
    elif first.utcoffset() != second.utcoffset():
        at.fail(f"clocks in {zone.key} show this time twice: it is repeated in autumn. Choose another hour")
    return first.astimezone(UTC)


def _zone(at: Place) -> ZoneInfo:
    name = at.text() or "UTC"
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        at.fail(f"{name!r} is no time zone; it looks like Europe/Brussels")
        return ZoneInfo("UTC")


def _money(at: Place) -> Money | None:
    amount = Money.parse(at.value, at.reading.currency) if isinstance(at.value, str) else None
    if amount is None or amount.amount_minor < 0:
        at.fail('must be an amount in quotes, such as "15.00"')
        return None
    return amount


def _minor(at: Place) -> int:
    found = _money(at) if at.value is not None else None
    return found.amount_minor if found is not None else 0


def _count(at: Place) -> int | None:
    found = at.whole() if at.value is not None else None
    if found == 0:
        at.fail("must be one or more; to stop a promotion, end it with 'until'")
    return found


def _coupons(at: Place) -> frozenset[str]:
    texts = at.several(Place.text) or ()
    for text in texts:
        if read_coupon(text) is None:
            at.fail(f"{text!r}: a coupon has 4 to 40 letters or digits")
    return frozenset(texts)


def _operators(at: Place, reader: _Reader) -> frozenset[str]:
    names = _words(at)
    if reader.catalog is not None:
        for name in sorted(n for n in names if reader.catalog.operator(n) is None):
            at.fail(f"no {name!r} is in the catalogue")
    return names


def _products(at: Place, reader: _Reader) -> frozenset[str]:
    names = _words(at)
    if reader.catalog is not None:
        for name in sorted(n for n in names if reader.catalog.product(n) is None):
            at.fail(f"no {name!r} is in the catalogue")
    return names


def _known_groups(at: Place, reader: _Reader) -> frozenset[str]:
    names = _words(at)
    for name in sorted(names - reader.groups):
        at.fail(f"no {name!r} is listed under 'groups'")
    return names


def _words(at: Place) -> frozenset[str]:
    return frozenset(at.several(Place.text) or ())


def _title(at: Place) -> Texts:
    texts = {tag: at.under(tag, text).text() or "" for tag, text in at.mapping().items()}
    for language in at.reading.languages:
        if language not in texts:
            at.fail(f"is missing in {language}")
    return MappingProxyType(texts)


def _agree(root: Place, found: Promotions, document: Mapping[str, object]) -> None:
    """Names are unique in the whole document, a coupon opens what it names, and only a sample invents."""
    names = [p.id for p in found.ours] + [p.id for p in found.theirs]
    for section, own in (("ours", [p.id for p in found.ours]), ("theirs", [p.id for p in found.theirs])):
        for name in sorted({n for n in own if names.count(n) > 1}):
            root[section].under(name, None).fail("is there twice")
    if not found.sample:
        for path, cell in cells(document):
            if cell.get("sure") == Sure.SAMPLE:
                Place(cell, path, root.reading).fail("invented figures need 'sample: true' at the top of the file")
