"""What waits for a person, decided by a person: by the same rules, in the same one write as an answer from outside.

If the outside answered meanwhile, the item is closed or the decision is taken again on fresh news: nothing moves twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from opla.core import attempt, delivery, item, payment, refund
from opla.core.actor import Act, Actor
from opla.core.attempt import Contradiction
from opla.core.change import Change, Move, NewMessage, Note, Subject
from opla.core.item import Kind, Resolution, Said, Step
from opla.core.ledger import SHELVES
from opla.core.money import Money
from opla.core.ports import Answer, ChargeReport, Pin, Promises, RefundReport, SendReport
from opla.core.ports import Kind as Goods
from opla.core.refusal import Code, Refusal
from opla.db.models import Reseller
from opla.db.queries import attempts, bank, cases, items, refunds
from opla.db.queries.apply import Result, apply
from opla.db.queries.attempts import Claimed
from opla.db.queries.items import Evidence, Item
from opla.operations import routes
from opla.operations.bank_lines import OF_THE_BANK, decide_line
from opla.operations.dispatch import next_supplier
from opla.operations.refund_by_choice import approve_refund, deny_refund
from opla.operations.shop import Shop
from opla.operations.stock_codes import SANDBOX_PREFIX, read_esim

MAX_NOTE: Final = 2000
MAX_FILE: Final = 2 * 1024 * 1024
_ROUNDS: Final = 4
#: What stands beside a decision of a person in the evidence of an attempt, where a provider's word would stand.
BY_PERSON: Final = "said_by_person"
#: Whoever a person spoke for is still looked at now and then: a late answer that says otherwise becomes an item.
_PROMISES: Final = Promises(refuses_repeat=False, find_by_reference=False, max_seconds=0, may_reverse=True)


@dataclass(frozen=True)
class Wanted:
    """What a person typed. `amount`: what came in, or what the supplier took (a decimal)."""

    resolution: str
    note: str
    amount: str = ""
    supplier_id: str = ""
    code: str = field(default="", repr=False)
    serial: str = ""
    valid_until: str = ""
    ticket: str = ""  # the order that a line of our bank account is for
    reseller: str = ""  # whose float it is for
    file_name: str = ""
    file: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class _Case:
    """The item, the attempt it is about as that is now, and what its order is delivered as."""

    item: Item
    tried: Claimed | None
    goods: Goods | None

    @property
    def choices(self) -> tuple[Resolution, ...]:
        tried = self.tried
        undecided = tried.kind if tried is not None and tried.state in attempt.OPEN else ""
        found = item.choices(
            self.item.kind,
            undecided,
            left=tried is None or tried.state not in (attempt.State.NEW, attempt.State.CLAIMED),
        )
        if tried is not None and tried.adapter in SHELVES:
            # Our own shelves know what they gave; a code typed by hand would be a second one, and a card is handed over
            # on the page of the cards.
            found = tuple(c for c in found if c is not Resolution.DELIVERED)
        if self.of_float:  # a part of it is off that float, so the rest is no order's
            found = tuple(c for c in found if c is not Resolution.MATCHED)
        return found

    @property
    def of_float(self) -> str:
        """Whose float it went out of, where the line says so."""
        return self.item.params.get("reseller", "") if self.item.kind is Kind.BANK_OUT else ""


@dataclass(frozen=True)
class Offer:
    """What may be done about an item, and whether a second person would have to agree."""

    resolution: Resolution
    second_person: bool
    asks: tuple[str, ...]  # fields of `Wanted` besides the note


def offers(found: Item, *, shop: Shop) -> tuple[Offer, ...]:
    """Empty when the item is closed."""
    if not found.open:
        return ()
    case = _case(found)
    return tuple(Offer(c, _needs_two(c, found.at_risk, shop), _asks(c, case)) for c in case.choices)


def resolve_item(actor: Actor, item_id: int, wanted: Wanted, *, shop: Shop, at: datetime) -> Step | Refusal:
    """Decide an open item. PROPOSED when a second person must agree, by choosing the same; ASKED when it stays open."""
    if refused := actor.refused(Act.RESOLVE_ITEM):
        return refused
    found = items.item(item_id)
    if found is None:
        return Refusal(Code.NOT_FOUND)
    if refused := _unclear(wanted):
        return refused
    if found.kind is Kind.REFUND_APPROVAL and found.order_id is not None:
        return _approval(actor, found, found.order_id, wanted, shop=shop, at=at)
    for _ in range(_ROUNDS):
        if not found.open:
            return Refusal(Code.ITEM_CLOSED)
        case = _case(found)
        said = _said(actor, case, wanted, items.evidence(item_id), shop=shop)
        if isinstance(said, Refusal):
            return said
        change = _change(case, said, wanted, shop=shop, at=at)
        if isinstance(change, Refusal):
            return change
        change = replace(change, says=(said,))
        try:
            with transaction.atomic() if found.kind in OF_THE_BANK else nullcontext():
                [result] = apply([change], actor=actor, at=at, keyring=shop.keyring, chance=shop.chance)
                if result is Result.WON and found.kind in OF_THE_BANK:
                    decide_line(found, said, actor=actor, shop=shop, at=at)
        except bank.FloatTooLow:
            return Refusal(Code.FLOAT_TOO_LOW, "reseller", {"of": "line"})
        if result is Result.WON:
            return said.step
        if result is not Result.LOST:
            return Refusal(_REFUSALS[result])
        found = items.item(item_id) or found
    return Refusal(Code.STILL_RUNNING)


_REFUSALS: Final = {
    Result.REFUND_TOO_MUCH: Code.REFUND_TOO_MUCH,
    Result.PROVIDER_ID_TAKEN: Code.SUPPLIER_ID_TAKEN,
    Result.CODE_KNOWN: Code.CODE_KNOWN,
    Result.ITEM_CLOSED: Code.ITEM_CLOSED,
    Result.STILL_RUNNING: Code.STILL_RUNNING,
}


def _case(found: Item) -> _Case:
    tried = attempts.load([found.attempt_id]) if found.attempt_id else []
    sold = cases.send_cases([t.order_id for t in tried if t.order_id])
    return _Case(found, tried[0] if tried else None, next((c.order.kind for c in sold.values()), None))


def _unclear(wanted: Wanted) -> Refusal | None:
    if wanted.resolution not in list(Resolution):
        return Refusal(Code.RESOLUTION_UNKNOWN, "resolution", {"resolution": wanted.resolution})
    if not wanted.note.strip() or len(wanted.note) > MAX_NOTE:
        return Refusal(Code.REASON_MISSING, "note")
    if len(wanted.file) > MAX_FILE:
        return Refusal(Code.FILE_TOO_LARGE, "file", {"most": str(MAX_FILE // 1024 // 1024)})
    return None


def _asks(resolution: Resolution, case: _Case) -> tuple[str, ...]:
    goods = case.goods
    # A number of theirs that we have is kept: what they gave instead of it is a word for the note.
    number = () if case.tried is not None and case.tried.provider_id else ("supplier_id",)
    match resolution:
        case Resolution.PAID:
            return ("amount", *number)
        case Resolution.MATCHED:
            return ("ticket",)
        case Resolution.ON_FLOAT if not case.of_float:
            return ("reseller",)
        case Resolution.DELIVERED:
            secret = ("code", "serial", "valid_until") if goods is not None and goods.is_secret else ()
            return ("amount", *number, *secret)
        case _:
            return ()


def _needs_two(resolution: Resolution, at_risk: Money, shop: Shop) -> bool:
    return resolution in item.GIVES_AWAY and at_risk.amount_minor > shop.second_person_minor


def _said(actor: Actor, case: _Case, wanted: Wanted, before: list[Evidence], *, shop: Shop) -> Said | Refusal:
    """What will be kept of it: a proposal where two are needed, and the approval of the last one by somebody else."""
    resolution = Resolution(wanted.resolution)
    if resolution not in case.choices:
        return Refusal(Code.RESOLUTION_UNKNOWN, "resolution", {"resolution": resolution})
    facts = _facts(case, wanted, shop=shop)
    if isinstance(facts, Refusal):
        return facts
    said = _kept(case.item, resolution, wanted, facts)
    at_risk = case.item.at_risk
    if "amount_minor" in facts:
        at_risk = max(at_risk, Money(int(facts["amount_minor"]), at_risk.currency))
    if not _needs_two(resolution, at_risk, shop):
        return said
    last = next((e for e in reversed(before) if e.step is Step.PROPOSED), None)
    if last is None or (last.resolution, dict(last.facts)) != (resolution, dict(facts)):
        return replace(said, step=Step.PROPOSED)
    if _person(last.actor) == _person(str(actor)):
        return Refusal(Code.SAME_PERSON)
    return replace(said, answers=last.id)


def _kept(found: Item, resolution: Resolution, wanted: Wanted, facts: Mapping[str, str]) -> Said:
    return Said(
        found.id,
        Step.ASKED if resolution is Resolution.ASK_AGAIN else Step.RESOLVED,
        resolution,
        wanted.note.strip(),
        facts,
        file_name=wanted.file_name if wanted.file else "",
        file=wanted.file,
    )


def _approval(actor: Actor, found: Item, order_id: UUID, wanted: Wanted, *, shop: Shop, at: datetime) -> Step | Refusal:
    """A large refund by choice, by its own rules: who asked for it is not who approves it."""
    resolution = Resolution(wanted.resolution)
    if resolution not in item.choices(found.kind):
        return Refusal(Code.RESOLUTION_UNKNOWN, "resolution", {"resolution": resolution})
    asked = refunds.waiting(order_id)
    if not found.open or asked is None:
        return Refusal(Code.ITEM_CLOSED)
    says = (_kept(found, resolution, wanted, {}),)
    if resolution is Resolution.APPROVE:
        done = approve_refund(actor, asked.id, shop=shop, at=at, says=says)
    else:
        done = deny_refund(actor, asked.id, why=wanted.note, shop=shop, at=at, says=says)
    return done if isinstance(done, Refusal) else Step.RESOLVED


def _person(actor: str) -> str:
    """The same person in another role is still the same person."""
    role, _, name = actor.partition(":")
    return name or role


def _facts(case: _Case, wanted: Wanted, *, shop: Shop) -> Mapping[str, str] | Refusal:
    """The figures that the rules need, checked. The code itself is not among them: it is sealed, never kept beside."""
    asks = _asks(Resolution(wanted.resolution), case)
    facts: dict[str, str] = {}
    if "amount" in asks:
        amount = Money.parse(wanted.amount, case.item.at_risk.currency)
        if amount is None or amount.amount_minor < (wanted.resolution == Resolution.PAID):
            return Refusal(Code.AMOUNT_UNREADABLE, "amount")
        facts["amount_minor"] = str(amount.amount_minor)
    if "supplier_id" in asks and wanted.supplier_id.strip():
        facts["supplier_id"] = wanted.supplier_id.strip()
    if "ticket" in asks:
        ticket = wanted.ticket.strip().upper()
        if not bank.asked_of(ticket):
            return Refusal(Code.TRANSFER_NOT_ASKED, "ticket", {"ticket": ticket})
        facts["ticket"] = ticket
    if wanted.resolution == Resolution.ON_FLOAT:
        reseller = case.of_float or wanted.reseller.strip().lower()
        if not Reseller.objects.filter(id=reseller).exists():
            return Refusal(Code.RESELLER_UNKNOWN, "reseller")
        facts["reseller"] = reseller
    if "code" in asks:
        if not _plain(wanted.code, case.goods, shop):
            return Refusal(Code.CODE_UNREADABLE, "code")
        if wanted.valid_until and _day(wanted.valid_until) is None:
            return Refusal(Code.DAY_UNREADABLE, "valid_until")
        facts |= {name: text for name in ("serial", "valid_until") if (text := getattr(wanted, name).strip())}
    return facts


def _plain(code: str, goods: Goods | None, shop: Shop) -> str:
    """What is to be sealed; empty where it is nothing that this shop may sell."""
    if goods is Goods.ESIM:
        return read_esim(code, shop)
    plain = "".join(c for c in code if c not in " -")
    right = plain.isascii() and plain.isalnum() and (plain.startswith(SANDBOX_PREFIX) or not shop.sandbox)
    return plain if right else ""


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _change(case: _Case, said: Said, wanted: Wanted, *, shop: Shop, at: datetime) -> Change | Refusal:
    if said.step is Step.PROPOSED:
        return Change(())
    found, tried = case.item, case.tried
    if said.resolution is Resolution.SEEN or found.kind in OF_THE_BANK:
        return Change(())
    if said.resolution is Resolution.TELL_AGAIN and found.order_id is not None:
        topic = items.message_topic(found.subject)
        return Change((), messages=(NewMessage(topic, found.order_id, shop.chance.reference()),))
    if tried is None:
        raise LookupError(f"item {found.id} is a {found.kind} and names no attempt")
    if tried.state is attempt.State.CLAIMED:
        return Refusal(Code.STILL_RUNNING)  # a worker has it in hand
    try:
        change = _decided(tried, said, wanted, shop=shop, at=at)
    except Contradiction:
        return Refusal(Code.ITEM_CLOSED)  # it was decided otherwise meanwhile
    if said.step is Step.RESOLVED:
        gone = (Kind.ADAPTER_GONE, tried.id)
        change = replace(change, closes=(*change.closes, gone, *((k, tried.id) for k in _UNKNOWN)))
    return change


_UNKNOWN: Final = (Kind.UNKNOWN_SEND, Kind.UNKNOWN_REFUND, Kind.UNKNOWN_CHARGE)


def _decided(tried: Claimed, said: Said, wanted: Wanted, *, shop: Shop, at: datetime) -> Change:
    """The rules of its kind, with a report that says a person said so. Raises `Contradiction`."""
    match said.resolution:
        case Resolution.DELIVERED | Resolution.NOT_DELIVERED:
            return _sent(tried, said, wanted, shop=shop, at=at)
        case Resolution.PAID | Resolution.NOT_PAID:
            return _charged(tried, said, shop=shop, at=at)
        case Resolution.PAID_BACK | Resolution.NOT_PAID_BACK | Resolution.PAID_BACK_OTHERWISE:
            return _refunded(tried, said, shop=shop, at=at)
        case _:
            # ASK_AGAIN, ALLOW_TODAY: looked at now. That an answer was counted is what lets it past the day's cap.
            word = str(said.resolution)
            same = Move(Subject.ATTEMPT, tried.id, tried.state, tried.state, word, why=BY_PERSON)
            return Change((same,), notes=(Note(tried.id, word, at, tried.tries, why=BY_PERSON),))


def _sent(tried: Claimed, said: Said, wanted: Wanted, *, shop: Shop, at: datetime) -> Change:
    case = cases.send_cases([tried.order_id])[tried.order_id] if tried.order_id else None
    if case is None:
        raise LookupError(f"attempt {tried.reference} sends no order")
    report = SendReport(Answer.DECLINED, why=BY_PERSON)
    if said.resolution is Resolution.DELIVERED:
        valid_until = said.facts.get("valid_until", "")
        plain = _plain(wanted.code, case.order.kind, shop)
        pin = Pin(plain, said.facts.get("serial", ""), _day(valid_until) if valid_until else None)
        report = SendReport(
            Answer.SUCCEEDED,
            said.facts.get("supplier_id", tried.provider_id),
            int(said.facts["amount_minor"]),
            pin if case.order.kind.is_secret else None,
            why=BY_PERSON,
        )
    return delivery.settle(
        delivery.Send(tried.id, tried.state, tried.adapter, tried.tries, tried.made_at),
        case.order,
        case.paid,
        report,
        _PROMISES,
        next_supplier=next_supplier(tried.adapter, case, routes.load([case.order.sku], shop=shop, at=at)),
        at=at,
        chance=shop.chance,
    )


def _charged(tried: Claimed, said: Said, *, shop: Shop, at: datetime) -> Change:
    case = cases.payment_cases([tried.payment_id])[tried.payment_id] if tried.payment_id else None
    if case is None:
        raise LookupError(f"attempt {tried.reference} charges no payment")
    report = ChargeReport(Answer.DECLINED, why=BY_PERSON)
    if said.resolution is Resolution.PAID:
        came_minor = int(said.facts["amount_minor"])
        currency = case.payment.amount.currency
        theirs = said.facts.get("supplier_id", "")  # without it nothing can be refunded there
        report = ChargeReport(Answer.SUCCEEDED, theirs, captured_minor=came_minor, currency=currency, why=BY_PERSON)
    known = routes.load((sold.sku for sold in case.orders.values()), shop=shop, at=at)
    return payment.settle(
        payment.Charge(tried.id, tried.state, tried.tries, tried.made_at),
        case.payment,
        case.orders,
        report,
        route=lambda sold: known.first(sold, in_stock=sold.id in case.in_stock),
        at=at,
        chance=shop.chance,
    )


def _refunded(tried: Claimed, said: Said, *, shop: Shop, at: datetime) -> Change:
    case = cases.refund_cases([tried.refund_id])[tried.refund_id] if tried.refund_id else None
    if case is None:
        raise LookupError(f"attempt {tried.reference} refunds nothing")
    one_try = refund.Try(tried.id, tried.state, tried.tries, tried.made_at)
    match said.resolution:
        case Resolution.PAID_BACK_OTHERWISE:
            return refund.paid_otherwise(case.refund, one_try, why=BY_PERSON, chance=shop.chance)
        case Resolution.NOT_PAID_BACK:
            return refund.again(case.refund, one_try, why=BY_PERSON, at=at, chance=shop.chance)
        case _:
            report = RefundReport(Answer.SUCCEEDED, why=BY_PERSON)
            return refund.settle(one_try, case.refund, report, _PROMISES, at=at, chance=shop.chance)
