"""Refusals as programs read them: problem details (RFC 9457), each with its stable code and what it is about."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from opla.core.refusal import Code, Refusal
from opla.presenting.refusals import sentence

CONTENT_TYPE: Final = "application/problem+json"

#: What cannot be done as it was asked.
OTHERWISE: Final = 422
#: HTTP status (RFC 9110) of what is refused for another reason.
STATUS: Final[dict[Code, int]] = {
    Code.API_KEY_WRONG: 401,
    Code.API_KEY_EXPIRED: 401,
    Code.API_KEY_ELSEWHERE: 403,
    Code.SCOPE_MISSING: 403,
    Code.NOT_ALLOWED: 403,
    Code.NOT_FOUND: 404,
    Code.FLOAT_TOO_LOW: 402,
    Code.FLOAT_OWES: 402,
    Code.KEY_MISSING: 400,
    Code.STILL_RUNNING: 409,
    Code.MACHINE_WAITS: 409,
    Code.FILE_NOT_NOW: 409,
    Code.FILE_TOO_LARGE: 413,
    Code.NOT_DELIVERED_YET: 409,
    Code.REFUNDS_PAUSED: 409,
    Code.WEBHOOK_ENDED: 409,
    Code.TOO_MANY_CALLS: 429,
    Code.TOO_MANY_TRIES: 429,
    Code.PAYMENTS_PAUSED: 429,
    Code.QUARANTINE: 503,
    Code.TEMPORARILY_CLOSED: 503,
}

#: Seconds to wait, where a refusal does not say them itself (`Retry-After`).
_WAIT_S: Final[dict[Code, int]] = {Code.STILL_RUNNING: 1, Code.QUARANTINE: 600, Code.TEMPORARILY_CLOSED: 5}


def status_of(refusals: Sequence[Refusal]) -> int:
    """Of several the highest: 422 says that a field is wrong, whatever else is."""
    return max(STATUS.get(refusal.code, OTHERWISE) for refusal in refusals)


def retry_after_s(refusals: Sequence[Refusal]) -> int | None:
    """How long to wait before the same again; None where waiting helps nobody."""
    for refusal in refusals:
        if (seconds := refusal.params.get("seconds")) is not None:
            return int(str(seconds))
        if refusal.code in _WAIT_S:
            return _WAIT_S[refusal.code]
    return None


def headers(status: int, refusals: Sequence[Refusal]) -> dict[str, str]:
    """What stands above the body."""
    wait_s = retry_after_s(refusals)
    return {
        "Content-Type": CONTENT_TYPE,
        **({} if wait_s is None else {"Retry-After": str(wait_s)}),
        **({"WWW-Authenticate": "Bearer"} if status == 401 else {}),
    }


def document(status: int, refusals: Sequence[Refusal]) -> bytes:
    """The body, in the active language. The first refusal is the problem's own; `refusals` has them all."""
    said = [why(refusal) for refusal in refusals]
    problem = {"type": f"urn:opla:refusal:{refusals[0].code}", "status": status, "title": said[0]["message"]}
    return json.dumps({**problem, "refusals": said}).encode()


def why(refusal: Refusal) -> dict[str, object]:
    """One refusal as a program reads it."""
    params = {name: str(value) for name, value in refusal.params.items()}
    return {"code": refusal.code, "about": refusal.about, "message": sentence(refusal), "params": params}
