"""Everything this shop holds about a customer: all of it in one file, and all of it gone that the law lets go.

Each part of the shop that keeps something of people has one line in `PIECES`: what it gives out, and how it forgets.
Amounts are whole numbers of minor units (cents) with their currency, moments ISO 8601 in UTC.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.db import transaction

from opla.core.actor import Actor
from opla.core.ports import Kind
from opla.core.refusal import Code, Refusal
from opla.core.usage import write_usage
from opla.db.models import Customer, Passkey, SecondStep, Session, SignInLink
from opla.db.queries import forget as forgetting
from opla.db.queries import pages, people, reminders, text_pay, texts
from opla.db.queries import renewals as renewal_rows
from opla.operations import card_to, kept_lines, renewals, second_step, threads
from opla.operations.card_to import Going
from opla.operations.shop import Shop
from opla.operations.wishes import Watched, hashes_of, open_all

#: More than anybody has; a file is no page.
_ORDERS_MOST: Final = 10_000


@dataclass(frozen=True)
class Piece:
    """What one part of the shop holds. `hold` gives JSON; `forget` deletes what `opla_forget` does not."""

    name: str
    hold: Callable[[Customer, Shop, datetime], object]
    forget: Callable[[Customer], None]


def export(customer: Customer, *, shop: Shop, at: datetime) -> dict[str, object]:
    """One document with every piece, named."""
    about: dict[str, object] = {
        "format": "opla-my-data 1",
        "made_at": _at(at),
        "shop": shop.base_url,
        "amounts": "whole numbers of minor units, such as cents, with their currency",
        "moments": "ISO 8601, in UTC",
        "not_in_here": "codes: they are money. They are shown on the page of their order, to you alone.",
    }
    return about | {piece.name: piece.hold(customer, shop, at) for piece in PIECES}


def delete(actor: Actor, customer: Customer, *, shop: Shop, at: datetime) -> Refusal | None:
    """Everything that need not stay, in one transaction; ORDERS_OPEN where an order still needs its address,
    HOUSE_PERSON where they work at the shop."""
    if people.by_email(customer.email):
        return Refusal(Code.HOUSE_PERSON)
    with transaction.atomic():
        hashes = (*hashes_of(customer.email, shop.keyring), renewals.hash_of(customer.email, shop.keyring))
        named = hashes, threads.email_hash(customer.email, shop.keyring)
        waiting = forgetting.forget(actor, customer.email, *named, at=at)
        if waiting:
            return Refusal(Code.ORDERS_OPEN, "", {"count": str(waiting)})
        for piece in PIECES:
            piece.forget(customer)
        SignInLink.objects.filter(email=customer.email).delete()
        customer.delete()  # sessions, passkeys, the second step and the SIMs kept go with it
    return None


def _account(customer: Customer, _shop: Shop, _when: datetime) -> object:
    step = SecondStep.objects.filter(customer=customer, confirmed_at__isnull=False).first()
    return {
        "email": customer.email,
        "language": customer.language,
        "made_at": _at(customer.made_at),
        "last_sign_in_at": _at(customer.last_login),
        "second_step_since": _at(step.confirmed_at) if step else None,
        "recovery_codes_left": second_step.codes_left(customer),
        "passkeys": [
            {"name": key.name, "made_at": _at(key.made_at), "used_at": _at(key.used_at)}
            for key in Passkey.objects.filter(customer=customer).order_by("made_at")
        ],
    }


def _sessions(customer: Customer, _shop: Shop, at: datetime) -> object:
    return [
        {"browser": s.agent, "made_at": _at(s.made_at), "seen_at": _at(s.seen_at), "expires_at": _at(s.expires_at)}
        for s in Session.objects.filter(customer=customer, expires_at__gt=at).order_by("made_at")
    ]


def _orders(customer: Customer, shop: Shop, _when: datetime) -> object:
    theirs = pages.orders_of(customer.email, limit=_ORDERS_MOST)
    going = card_to.of([one.id for one in theirs if one.kind is Kind.SIM], shop=shop)
    return [
        {
            "order": one.ticket,
            "state": str(one.state),
            "operator": one.operator,
            "product": one.product_name,
            "kind": str(one.kind),
            "number": one.number,
            "language": one.language,
            "total_minor": one.price.total.amount_minor,
            "currency": one.price.total.currency,
            "placed_at": _at(one.placed_at),
            "ended_at": _at(one.ended_at),
            **({"card_goes_to": _goes_to(to)} if (to := going.get(one.id)) else {}),
        }
        for one in theirs
    ]


def _goes_to(to: Going) -> object:
    return to.address.document if to.address else to.place or None


def _reminders(customer: Customer, shop: Shop, _when: datetime) -> object:
    """What they asked to be written to about, and the lines they told us of for it."""
    kept = {one.id: one for one in reminders.of_address(hashes_of(customer.email, shop.keyring))}
    found = []
    for wished in open_all(kept, shop.keyring).values():
        said: dict[str, object] = {"email": wished.email, "language": wished.language, "confirmed": wished.confirmed}
        if isinstance(wished, Watched):
            said |= {"about": "a SIM", "every_days": wished.every_days, "line": write_usage(wished.usage)}
        else:
            said |= {"about": "promotions", "operator": wished.operator, "since": _at(wished.since)}
        found.append(said)
    return found


def _messages(customer: Customer, shop: Shop, _when: datetime) -> object:
    """What they wrote to the shop and what it answered."""
    return [
        {
            "order": thread.ticket or None,
            "state": str(thread.state),
            "made_at": _at(thread.made_at),
            "said": [{"by": str(one.side), "at": _at(one.at), "text": one.text} for one in thread.said],
        }
        for thread in threads.of_customer_email(customer.email, shop=shop)
    ]


def _sims(customer: Customer, shop: Shop, at: datetime) -> object:
    """The SIMs they keep, as the file of My SIMs writes them."""
    return kept_lines.export(customer, shop=shop, at=at)


def _renewals(customer: Customer, shop: Shop, _when: datetime) -> object:
    """What they agreed to be charged for by itself, and what was. What the payment provider keeps, it tells itself."""
    return [
        {
            "state": str(one.kept.state),
            "product": one.kept.product_name,
            "number": one.whose.number,
            "rule": one.kept.rule,
            "cap_minor": one.kept.cap.amount_minor,
            "month_cap_minor": one.kept.month_cap.amount_minor if one.kept.month_cap else None,
            "currency": one.kept.cap.currency,
            "way_of_paying": one.kept.method,
            "agreed": one.kept.agreed,
            "agreed_by_text": text_pay.allowed(one.kept.id),
            "agreed_at": _at(one.kept.made_at),
            "ended_at": _at(one.kept.ended_at),
            "periods": [
                {"due_at": _at(period.due_at), "state": str(period.phase), "told_at": _at(period.notice_sent_at)}
                for period in renewal_rows.periods(one.kept.id, limit=_ORDERS_MOST)
            ],
        }
        for one in renewals.of_address(customer.email, shop=shop)
    ]


def _nothing_more(_customer: Customer) -> None:
    """`opla_forget`, or the end of the account itself, forgets this."""


def _at(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at else None


def _texts(customer: Customer, shop: Shop, _when: datetime) -> object:
    return [
        {"order": ticket, "number": shop.keyring.open(wish.sealed, wish.who).decode(), "asked_at": _at(at)}
        for ticket, at, wish in texts.wishes_of(customer.email)
    ]


#: One line for each part of the shop that keeps something of people.
PIECES: Final[tuple[Piece, ...]] = (
    Piece("account", _account, _nothing_more),
    Piece("sessions", _sessions, _nothing_more),
    Piece("orders", _orders, _nothing_more),
    Piece("reminders", _reminders, _nothing_more),
    Piece("renewals", _renewals, _nothing_more),
    Piece("sims", _sims, _nothing_more),
    Piece("messages", _messages, _nothing_more),
    Piece("texts", _texts, _nothing_more),
)
