"""Where two of the house may do something, whoever proposed it does not decide it alone."""

from __future__ import annotations

from opla.core.actor import Act, Actor
from opla.core.refusal import Code, Refusal
from opla.db.queries import people

#: Whoever sits at the shop's own terminal holds its keys and its database: nobody's second word would bind them.
_TERMINAL = "terminal"


def alone(actor: Actor, act: Act, proposed_by: str) -> Refusal | None:
    """Why this actor does not approve what somebody proposed: it was they, and somebody else is there who may."""
    if str(actor) != proposed_by or actor.name == _TERMINAL:
        return None
    others = (one for one in people.everybody() if one.actor != actor and not one.ended_at and one.has_factor)
    return Refusal(Code.SAME_PERSON, "version") if any(not one.actor.refused(act) for one in others) else None
