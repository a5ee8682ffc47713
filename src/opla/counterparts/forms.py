"""Forms with lists and objects in them, as PHP and Rails write them: `a[b][0]=c`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """What such a form stands for. Every value stays a text."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        *way, last = re.findall(r"[^\[\]]+", key) or [key]
        at = found
        for name in way:
            at = at.setdefault(name, {})
        at[last] = value
    return {name: _listed(value) for name, value in found.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(one) for name, one in value.items()}
    return list(inner.values()) if inner and all(name.isdigit() for name in inner) else inner
