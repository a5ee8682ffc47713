"""The header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): what a program calls what it asks for.

The draft wants a string of structured fields (RFC 8941 §3.3.3), `"my-4711"` with its quotes; most programs send it
plain. Both are the same key.
"""

from __future__ import annotations

import re
from typing import Final

from opla.core.refusal import Code, Refusal

HEADER: Final = "Idempotency-Key"
LENGTH: Final = 64
#: Signs of ASCII, blanks only between them.
VISIBLE: Final = r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?"
_QUOTED = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')


def read(header: str) -> str | Refusal:
    """A key of 1 to 64 such signs, or a refusal where there is none."""
    text = header.strip()
    if text.startswith('"'):
        quoted = _QUOTED.fullmatch(text)
        text = re.sub(r"\\(.)", r"\1", quoted.group(1)) if quoted else ""
    if len(text) > LENGTH or not re.fullmatch(VISIBLE, text):
        return Refusal(Code.KEY_MISSING, HEADER)
    return text
