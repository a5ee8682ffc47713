"""What somebody does with a renewal of theirs: skip the next, change the ceiling, pause, go on, end it now.

Whoever has its link may, and whoever signed in with its address; both get here with the renewal itself. Of two at once
both count: each is decided on what stands, and again where somebody was first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from opla.core.actor import Act, Actor, Role
from opla.core.money import Money
from opla.core.quote import Quote, price
from opla.core.refusal import Code, Refusal
from opla.core.renewal import Event, Phase, State
from opla.db.queries import renewals, text_pay
from opla.db.queries.renewals import Stepped
from opla.operations import prices
from opla.operations.agree_renewal import read_cap
from opla.operations.offers import Claim
from opla.operations.order_texts import who_of
from opla.operations.quote_topup import Wanted, quote_topup
from opla.operations.renew import ENDED, PAUSED
from opla.operations.renewals import Standing, following, moved, opened, write
from opla.operations.shop import Shop

#: What a new ceiling is called in the events, and the topic of the letter that confirms it.
CEILING: Final = "ceiling"
CHANGED: Final = "renewal_ceiling"
_TRIES: Final = 5
#: An end that somebody else already brought about is what was wanted.
_OVER: Final = frozenset({State.ENDED})
_SOON: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class _Act:
    """One change. `decide` gives the step, or why it cannot be; `topic`: of the letter that says so, with `about`."""

    decide: Callable[[Standing], Stepped | Refusal | None]
    topic: str = ""
    about: Mapping[str, str] = field(default_factory=dict)


def skip(actor: Actor, standing: Standing, *, shop: Shop, at: datetime) -> Refusal | None:
    """Nothing is charged in the next period; the one after it is planned."""

    def decide(now: Standing) -> Stepped | Refusal:
        last = now.kept.last
        if now.kept.state is not State.ACTIVE or last is None or last.phase is not Phase.PLANNED:
            return Refusal(Code.RENEWAL_NOT_NOW)
        planned = following(now, Phase.SKIPPED, shop=shop, at=at)
        return Stepped(
            at, now.kept.state, refused=now.kept.refused, phase=Phase.SKIPPED, planned=(planned.key, planned.due_at)
        )  # fmt: skip

    return _done(actor, Act.RENEW, standing, _Act(decide), shop=shop, at=at)


def change_ceiling(
    actor: Actor,
    standing: Standing,
    cap: str,
    month_cap: str,
    said: Callable[[Money, Money | None], str],
    *,
    shop: Shop,
    at: datetime,
) -> list[Refusal]:
    """What is charged at most, from now on. It may be below today's price: then the person is asked instead.

    `said`: the sentence that is kept beside what was agreed to before.
    """
    least = Money(1, standing.kept.cap.currency)
    one = read_cap(cap, least, "cap")
    month = read_cap(month_cap, one if isinstance(one, Money) else least, "month_cap", needed=False)
    if wrong := [refused for refused in (one, month) if isinstance(refused, Refusal)]:
        return wrong
    if not isinstance(one, Money) or isinstance(month, Refusal):
        return []
    ceiling = (one, month)

    def decide(now: Standing) -> Stepped | Refusal | None:
        if now.kept.state in _OVER:
            return Refusal(Code.RENEWAL_NOT_NOW)
        before = (now.kept.cap, now.kept.month_cap)
        if before == ceiling:
            return None
        why = f"{_minor(before)} → {_minor(ceiling)}"
        return Stepped(
            at, now.kept.state, CEILING, why, refused=now.kept.refused, ceiling=ceiling, agreed=said(*ceiling)
        )  # fmt: skip

    about = {"cap_minor": str(one.amount_minor), "month_cap_minor": str(month.amount_minor) if month else ""}
    refused = _done(actor, Act.RENEW, standing, _Act(decide, CHANGED, about), shop=shop, at=at)
    return [refused] if refused else []


def _minor(ceiling: tuple[Money, Money | None]) -> str:
    """As an event keeps it: `1500 EUR`, and of a month after it."""
    return ", ".join(f"{money.amount_minor} {money.currency}" for money in ceiling if money)


def pause(actor: Actor, standing: Standing, *, shop: Shop, at: datetime) -> Refusal | None:
    """Nothing is charged until somebody goes on with it; a charge that has left comes to its end."""
    return _done(actor, Act.RENEW, standing, _Act(_leads(Event.PAUSED, at), PAUSED), shop=shop, at=at)


def resume(actor: Actor, standing: Standing, *, shop: Shop, at: datetime) -> Refusal | None:
    """It goes on with the next period that is still to come: the one that the pause dropped, before its day."""
    return _done(actor, Act.RENEW, standing, _Act(_leads(Event.RESUMED, at)), shop=shop, at=at)


def allow_by_text(
    actor: Actor, standing: Standing, said: str, *, may: bool, shop: Shop, at: datetime
) -> Refusal | None:
    """Whether whoever has the SIM may order by text and have it charged. `said`: the words that were read."""
    if refused := actor.refused(Act.RENEW):
        return refused
    who = who_of(standing.whose.number, shop)
    if not text_pay.allow(standing.kept.id, who, said, may=may, actor=actor, at=at):
        return Refusal(Code.RENEWAL_NOT_NOW)
    return None


def end(actor: Actor, standing: Standing, *, shop: Shop, at: datetime) -> Refusal | None:
    """For good, and at the provider. What has ended already is ended."""
    return _done(actor, Act.END_RENEWAL, standing, _Act(_leads(Event.ENDED, at), ENDED), shop=shop, at=at)


def _leads(event: Event, at: datetime) -> Callable[[Standing], Stepped | Refusal | None]:
    def decide(now: Standing) -> Stepped | Refusal | None:
        state, last = moved(now.kept.state, event), now.kept.last
        if event is Event.ENDED and now.kept.state in _OVER:
            return None
        if state is None:
            return Refusal(Code.RENEWAL_NOT_NOW)
        dropped = Phase.DROPPED if last and last.phase is Phase.PLANNED else None
        under_way = last is not None and last.phase in (Phase.PLACED, Phase.REFUSED)
        look_at = at if state is State.ACTIVE else at + _SOON if under_way else None
        again = event is Event.RESUMED and last is not None and last.phase is Phase.DROPPED and last.due_at > at
        return Stepped(
            look_at, state, event, refused=0 if state is State.ACTIVE else now.kept.refused, phase=dropped,
            planned=(last.key, last.due_at) if again and last is not None else None,
        )  # fmt: skip

    return decide


def _done(actor: Actor, act: Act, standing: Standing, what: _Act, *, shop: Shop, at: datetime) -> Refusal | None:
    if refused := actor.refused(act):
        return refused
    now = standing
    for _ in range(_TRIES):
        stepped = what.decide(now)
        if stepped is None or isinstance(stepped, Refusal):
            return stepped
        about = {"cause": "asked", "by": "" if actor.role is Role.CUSTOMER else "shop", **what.about}
        if write(now, stepped, actor=actor, shop=shop, at=at, topic=what.topic, about=about):
            return None
        fresh = [found for kept in renewals.load([now.kept.id]) if (found := opened(kept, shop=shop))]
        if not fresh:
            return Refusal(Code.NOT_FOUND)
        [now] = fresh
    return Refusal(Code.STILL_RUNNING)


def quote_now(
    actor: Actor, standing: Standing, *, device: bytes, shop: Shop, at: datetime, address: str = ""
) -> Quote | list[Refusal]:
    """The same, bought by hand: a price on this device, paid any way there is. `address`: a visitor's."""
    kept = standing.kept
    wanted = Wanted(
        kept.operator, kept.face.decimal, standing.whose.email, kept.language, sku=kept.sku,
        number=standing.whose.number, plan=kept.plan, claim=Claim(address=address),
    )  # fmt: skip
    return quote_topup(actor, wanted, device=device, shop=shop, at=at)


def costs_now(standing: Standing, *, shop: Shop) -> Money:
    """What one charge would be today."""
    return price(standing.kept.face, prices.terms(shop)).total
