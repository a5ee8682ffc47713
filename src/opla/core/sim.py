"""What a person may hold instead of a number: a SIM's serial, a phone's eSIM chip, an eSIM's activation code.

| what                  | looks like                       | checked by               | says                         |
|-----------------------|----------------------------------|--------------------------|------------------------------|
| ICCID (SIM's serial)  | 18–20 digits from 89, maybe an F | Luhn (ITU-T E.118)       | which card, not which number |
| EID (the phone's chip)| 32 digits, mostly from 89        | mod 97 = 1 (GSMA SGP.29) | which phone, not which line  |
| activation code       | `LPA:1$host$matching id…`        | shape only (GSMA SGP.22) | which profile to download    |
| number                | everything else                  | `core/phone`             | what can be topped up        |

No operator known to us tops up by the first three, so each is answered with where to find the number. That is also why
a wrong check digit is a refusal here although cards without a right Luhn digit are said to exist: nobody is turned away
who could have been served, and a mistyped digit is named. On what *we* issue the check is exact.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

import rphonenumbers as lib
from stdnum import luhn

from opla.core.phone import Number, read_digits
from opla.core.refusal import Code, Refusal
from opla.core.written import LABELS, MAX_LENGTH, Digits, digits_in, plain, plain_digits

_ICCID_WORDS = frozenset({"iccid", "icc", "id", "serial", "卡号"})
_EID_WORDS = frozenset({"eid"})
_ALL_WORDS = LABELS | _ICCID_WORDS | _EID_WORDS | {"sim", "esim"}
_ICCID_TAIL = re.compile(r"(89(?:[ -]?\d){17}) ?[fF]$")  # readers pad 19 digits to whole bytes with an F
_ACTIVATION = re.compile(r"lpa:|1\$[^$]*\.[^$]*(\$|$)", re.IGNORECASE)
_OID = re.compile(r"\d+(\.\d+)+")
_SOLD = re.compile(r"(?:LPA:)?(1\$[A-Z0-9-]+(?:\.[A-Z0-9-]+)+\$[!-#%-~]+(?:\$\d+(?:\.\d+)+)?)", re.IGNORECASE)
_SERIAL = re.compile(r"(89[0-9]{16,18})[fF]?")


class Place(StrEnum):
    """Where the number of a SIM can be found. Published keys: the sentences are in `presenting`."""

    OWN_NUMBER_CODE = "own_number_code"  # dial the operator's own-number code, where the catalogue has one
    SIM_HOLDER = "sim_holder"  # printed on the card the SIM was broken out of
    PURCHASE_EMAIL = "purchase_email"  # the e-mail that brought the eSIM
    IPHONE_SETTINGS = "iphone_settings"  # Settings › Phone › My Number
    ANDROID_SETTINGS = "android_settings"  # Settings › About phone
    CALL_SOMEBODY = "call_somebody"  # ask somebody near to be called, and read their screen


@dataclass(frozen=True)
class Iccid:
    """A SIM's serial number, Luhn-checked. `country` (ISO alpha-2, or "") is by the calling code it bears: a hint."""

    digits: str
    country: str


@dataclass(frozen=True)
class Eid:
    """The serial number of the eSIM chip in a phone, mod-97-checked."""

    digits: str


@dataclass(frozen=True)
class ActivationCode:
    """What an eSIM is downloaded with. A secret until used: neither `repr` nor `str` shows `raw` or `matching_id`.

    Sources disagree about the fields after the matching id (SGP.22: an OID, then "1" when a confirmation code is
    asked for), so they are read leniently and `raw` keeps the whole, without spaces and invisible signs.
    """

    raw: str = field(repr=False)
    smdp_address: str
    matching_id: str = field(repr=False)
    oid: str
    confirmation_required: bool


SimIdentifier: TypeAlias = Iccid | Eid | ActivationCode
Identified: TypeAlias = Number | SimIdentifier


def identify(
    text: str,
    *,
    home: str = "BE",
    served: frozenset[str] = frozenset({"BE"}),
) -> Identified | Refusal:
    """What a person typed or pasted into the one input. Never raises, and no refusal repeats the text."""
    found: Digits | Refusal | None = plain_digits(text)
    if found is None:
        compact = "".join(plain(text[: MAX_LENGTH + 1]).split())
        if _ACTIVATION.match(compact) and len(text) <= MAX_LENGTH:
            return _activation_code(compact)
        found = digits_in(_ICCID_TAIL.sub(r"\1", plain(text[: MAX_LENGTH + 1])), _ALL_WORDS)
    if isinstance(found, Refusal):
        return found
    digits = found.digits
    if not found.plus and len(digits) == 32 and not found.words & _ICCID_WORDS:
        return Eid(digits) if int(digits) % 97 == 1 else _wrong_check_digit("eid")
    if not found.plus and 18 <= len(digits) <= 20 and digits.startswith("89") and not found.words & _EID_WORDS:
        return Iccid(digits, _issuing_country(digits)) if luhn.is_valid(digits) else _wrong_check_digit("iccid")
    if found.words & (_ICCID_WORDS | _EID_WORDS):  # it was called a SIM's number, so it is not read as a phone's
        return Refusal(Code.NUMBER_UNREADABLE, "number")
    return read_digits(found, home=home, served=served)


def sold_code(text: str) -> ActivationCode | None:
    """An activation code that can be sold, `raw` as a QR code has it (GSMA SGP.22 §4.1); None for any other text.

    Exact where `identify` is lenient: it must name a server and a profile, and ask for no confirmation code, because
    that comes by another way than a shop's.
    """
    found = _SOLD.fullmatch(text.strip())
    return _activation_code(f"LPA:{found[1]}") if found else None


def read_code(raw: str) -> ActivationCode:
    """An activation code that somebody else sold us: whatever its fields hold, `raw` is what a phone is shown."""
    return _activation_code(raw)


def read_serial(text: str) -> tuple[str, bool] | None:
    """The digits of a SIM's serial number, and whether its check digit is right; None where they are no ICCID.

    Cards without a right check digit are said to exist, so whoever takes one in is warned, and not stopped.
    """
    found = _SERIAL.fullmatch("".join(text.split()).replace("-", ""))
    return (found[1], luhn.is_valid(found[1])) if found else None


def why_not(identified: Identified) -> Refusal | None:
    """Why top-up by this is impossible (params: `kind`, and `country` where hinted); None for a number."""
    match identified:
        case Iccid(country=country):
            return Refusal(Code.SIM_NEEDS_NUMBER, "number", {"kind": "iccid", "country": country})
        case Eid():
            return Refusal(Code.SIM_NEEDS_NUMBER, "number", {"kind": "eid"})
        case ActivationCode():
            return Refusal(Code.SIM_NEEDS_NUMBER, "number", {"kind": "activation_code"})
        case Number():
            return None


def where_to_look(kind: str) -> tuple[Place, ...]:
    """Where to find the number of what was identified (`kind` as in the refusal's params), best place first.

    An eSIM has no card holder, and before it is installed only its e-mail knows the number.
    """
    in_the_phone = (Place.OWN_NUMBER_CODE, Place.IPHONE_SETTINGS, Place.ANDROID_SETTINGS, Place.CALL_SOMEBODY)
    match kind:
        case "iccid":
            return (*in_the_phone[:3], Place.SIM_HOLDER, Place.CALL_SOMEBODY)
        case "activation_code":
            return (Place.PURCHASE_EMAIL, *in_the_phone)
        case _:
            return (*in_the_phone, Place.PURCHASE_EMAIL)


def _activation_code(compact: str) -> ActivationCode:
    fields = compact[4:] if compact[:4].lower() == "lpa:" else compact
    _version, address, matching_id, fourth, fifth = (fields.split("$") + [""] * 5)[:5]
    oid = fourth if _OID.fullmatch(fourth) else ""
    # A fourth field that is no OID is, in the sources that disagree, the flag or the confirmation code itself.
    confirmation_required = bool(fifth) or bool(fourth and not oid)
    return ActivationCode(compact, address.removeprefix("https://"), matching_id, oid, confirmation_required)


def _issuing_country(iccid: str) -> str:
    """The country whose calling code follows the 89: no calling code begins another, so the first match is the one."""
    codes = (int(iccid[2:end]) for end in (3, 4, 5))
    regions = (str(lib.region_code_for_country_code(code)) for code in codes)
    return next((region for region in regions if region.isalpha() and region != lib.UNKNOWN_REGION), "")


def _wrong_check_digit(kind: str) -> Refusal:
    return Refusal(Code.SIM_CHECK_DIGIT, "number", {"kind": kind})
