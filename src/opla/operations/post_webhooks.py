"""Messages to resellers' programs leave: claimed, posted with no transaction open, and what became of each is kept.

claimed, a lease ──▶ posted ──▶ kept: taken, or again later
                       └ the process dies here: the lease runs out, and it is posted again under the same webhook-id
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from standardwebhooks import Webhook as Signed

from opla.core.api_access import MEMBER_MAY, Scope
from opla.core.ports import PostsWebhooks, Webhook
from opla.core.webhook import DEAD_AFTER, KEPT, Outcome, again_at
from opla.db.keyring import Unopenable
from opla.db.models import Customer, WebhookEndpoint
from opla.db.queries import webhooks
from opla.db.queries.webhooks import Done, Due
from opla.operations import letters, members
from opla.operations.letters import Posted
from opla.operations.outside import Outside
from opla.operations.shop import Shop
from opla.operations.webhooks import opened

_log = logging.getLogger(__name__)
#: Longer than any post may take, its look-up included.
_LEASE_S: Final = 60
#: Posts under way: to one endpoint, to all of one reseller.
_EACH: Final = 4
_MOST: Final = 8
_FORGETS: Final = 1000


@dataclass(frozen=True)
class Tried:
    """One try, and what it came to."""

    due: Due
    outcome: Outcome


def claim(*, at: datetime, limit: int) -> list[Due]:
    return webhooks.claim(at=at, limit=limit, each=_EACH, most=_MOST, lease_s=_LEASE_S)


def post(due: Due, posts: PostsWebhooks, *, shop: Shop, at: datetime) -> Tried:
    """One try. No database is touched, so that many may be under way; nothing is raised."""
    try:
        return Tried(due, posts.post(_signed(due, shop, at)))
    except Unopenable:
        _log.exception("webhook %s: its secret does not open", due.reference)
        return Tried(due, Outcome(why="secret_lost"))
    except Exception:  # noqa: BLE001 - whatever it was, it is written down
        _log.exception("webhook %s: it could not be posted", due.reference)
        return Tried(due, Outcome(why="our_error"))


def keep(tried: Sequence[Tried], *, shop: Shop, at: datetime) -> None:
    """What became of them, in one call; and an end to endpoints that are dead."""
    rows = []
    for one in tried:
        due, told = one.due, one.outcome
        again = again_at(due.tries, told, shop.chance.secret()[0], at)
        rows.append(Done(due.reference, due.endpoint_id, due.tries, again, told.status, told.why, told.said))
    webhooks.done(rows, at=at)
    if any(not one.outcome.took for one in tried):
        end_dead(shop=shop, at=at)


def post_webhooks(*, shop: Shop, outside: Outside, at: datetime, limit: int = 50) -> int:
    """Post what is due, one after the other: how simulations and tests turn the crank. How many were tried."""
    due = claim(at=at, limit=limit)
    tried = [post(one, outside.webhooks(), shop=shop, at=at) for one in due]
    keep(tried, shop=shop, at=at)
    return len(tried)


def end_dead(*, shop: Shop, at: datetime) -> int:
    """End endpoints that are gone or failed for three days, and write to the reseller's people; how many."""
    ended = 0
    for endpoint in webhooks.dead(DEAD_AFTER):
        why = "gone" if endpoint.gone_at else "dead"
        rows = []
        for posted in _letters(endpoint, why):
            letter_id, sealed = letters.seal(posted, shop=shop, at=at)
            rows.append((letter_id, sealed, posted.topic, shop.chance.reference()))
        ended += webhooks.end(endpoint.id, why, rows, at=at, dead_after=DEAD_AFTER)
    return ended


def tidy(*, at: datetime) -> None:
    """What was posted is kept for thirty days, and of an endpoint that is removed not at all."""
    webhooks.forget(at - KEPT, limit=_FORGETS)


def _letters(endpoint: WebhookEndpoint, why: str) -> list[Posted]:
    """To the reseller's own address, and to everybody who may change its endpoints."""
    people = members.at_reseller(endpoint.reseller_id)
    may = [person.email for person in people if Scope.WEBHOOKS in MEMBER_MAY[person.role]]
    about = {"url": endpoint.url, "why": why, "path": f"/reseller/{endpoint.reseller_id}/webhooks/"}
    to = dict.fromkeys([endpoint.reseller.email.lower(), *may])
    spoken = dict(Customer.objects.filter(email__in=list(to)).values_list("email", "language"))
    return [Posted("webhook_ended", email, spoken.get(email, "en"), about) for email in to]


def _signed(due: Due, shop: Shop, at: datetime) -> Webhook:
    said = {"type": due.type, "timestamp": _written(due.made_at), "data": due.data}
    body = json.dumps(said, separators=(",", ":"), ensure_ascii=False)
    sealed = [due.secret_sealed, *([due.old_secret_sealed] if due.old_secret_sealed else [])]
    secrets = [opened(one, due.endpoint_id, shop) for one in sealed]
    at = at.astimezone(UTC)  # the library takes whatever it is given for UTC
    headers = {
        "Content-Type": "application/json",
        "webhook-id": due.reference,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Signed(secret).sign(due.reference, at, body) for secret in secrets),
    }
    return Webhook(due.url, body.encode(), headers)


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
