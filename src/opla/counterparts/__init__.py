"""What stands in for providers and operators: pure stateful machines, and one HTTP process around them.

The machines (`payment`, `operator`, `mailbox`) decide *entries* and are rebuilt by replaying them; time and
randomness are arguments. `service` puts them behind one lock and one log, `server` behind HTTP. Nothing here
touches real money, and every page says so.
"""

from __future__ import annotations

from opla.counterparts.place import address, secret

__all__ = ["address", "secret"]
