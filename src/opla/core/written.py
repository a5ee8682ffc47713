"""Digits as people write them: in any script, grouped any way, copied with invisible signs, behind a label.

Only decimal digits count as digits (Unicode Nd: ASCII, full-width, Arabic-Indic …). A ² or a ⑩ may be a footnote, so
it makes the text unreadable instead of becoming a digit; so does every letter that is not a known label.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from opla.core.refusal import Code, Refusal

#: No number, label and grouping together come near this; it bounds the work a stranger can ask for.
MAX_LENGTH = 200

#: Words people put before or after a number, in the five languages of the shop, folded to lower case.
LABELS = frozenset({
    "gsm", "mobile", "mob", "mobil", "mobiel", "cell", "portable", "handy", "phone", "m", "t", "p",
    "tel", "tél", "telephone", "téléphone", "telefoon", "telefon", "sms", "callto", "whatsapp",
    "n", "no", "nr", "number", "numéro", "numero", "nummer",
    "手机", "手机号", "手机号码", "电话", "电话号码", "号码",
})  # fmt: skip
_BETWEEN = frozenset(" .-/()[],·•‐‒–—―−ー。、")  # also U+2011, which NFKC makes U+2010
_AROUND = _BETWEEN | frozenset(":;<>{}'\"“”‘’«»「」【】《》_|°☎☏✆📞📱📲")
_PLAIN = re.compile(r"(\+?)([0-9]+)")  # once the signs between are gone
_NO_SIGNS_BETWEEN = str.maketrans("", "", "".join(sign for sign in sorted(_BETWEEN) if sign.isascii()))
_KEYCAP = frozenset("\ufe0e\ufe0f\u20e3")  # what makes 0️⃣ out of a plain 0
_WORD = re.compile(r"[^\W\d_]+")
_CONTEXT = re.compile(r"(tel:)([^;+]*);phone-context=(\+\d{1,3})", re.IGNORECASE)  # RFC 3966: a local number's country


@dataclass(frozen=True)
class Digits:
    """ASCII digits, whether a plus stood before them, and the known words that stood around them."""

    digits: str
    plus: bool
    words: frozenset[str] = frozenset()


def digits_in(text: str, labels: frozenset[str] = LABELS) -> Digits | Refusal:
    """The one run of digits in `text`; or NUMBER_MISSING (nothing there), NUMBER_UNREADABLE (something else there)."""
    if (found := plain_digits(text)) is not None:
        return found
    unreadable = Refusal(Code.NUMBER_UNREADABLE, "number")
    if len(text) > MAX_LENGTH:
        return unreadable
    text = plain(text)
    if text[:4].lower() == "tel:":
        text = _CONTEXT.sub(r"\1\3\2", text.replace("%2B", "+").replace("%2b", "+").replace("%20", " "))
    places = [i for i, c in enumerate(text) if c.isdecimal()]
    start, end = (places[0], places[-1] + 1) if places else (len(text), len(text))
    before, body, after = text[:start], text[start:end], text[end:]
    before, plus, gap = before.partition("+")
    words = frozenset(w.casefold() for w in _WORD.findall(f"{before} {after}"))
    rest = set(_WORD.sub("", before + after))
    if not words <= labels or not rest <= _AROUND or not set(gap) <= _BETWEEN:
        return unreadable
    digits = "".join(c for c in body if c.isdecimal())
    if any(c not in _BETWEEN for c in body if not c.isdecimal()) or (plus and not digits):
        return unreadable
    if not digits:
        return Refusal(Code.NUMBER_MISSING, "number")
    return Digits(digits, bool(plus), words)


def plain_digits(text: str) -> Digits | None:
    """What `digits_in` answers where there is nothing but digits, grouped, and a plus before; None says nothing.

    Most texts are such, and most of the time of reading them was spent on what they do not hold.
    """
    found = _PLAIN.fullmatch(text.translate(_NO_SIGNS_BETWEEN)) if len(text) <= MAX_LENGTH else None
    return Digits(found[2], bool(found[1])) if found else None


def plain(text: str) -> str:
    """`text` without invisible signs, its digits as ASCII, its spaces as one kind, full-width forms as narrow ones."""
    if text.isascii():
        return " ".join(text.split())
    return " ".join("".join(map(_plain_sign, unicodedata.normalize("NFC", text))).split())


def _plain_sign(sign: str) -> str:
    if sign.isdecimal():
        return str(unicodedata.decimal(sign))
    if sign in _KEYCAP or unicodedata.category(sign) == "Cf":  # zero-width, soft hyphen, marks of direction
        return ""
    narrow = unicodedata.normalize("NFKC", sign)
    return "?" if any(c.isdigit() for c in narrow) else narrow
