"""Phone numbers: every habit of writing one is read, and nothing else is.

        text ──▶ written.digits_in ──▶ digits, plus? ──▶ rphonenumbers ──▶ Number | Refusal

The rule above all others: a number is never turned into another one. Only what people do on purpose is undone (country
prefix, trunk zero, a forgotten trunk zero); a missing or an extra digit is refused with its count, never repaired.

A prefix does not give the operator: Belgian numbers are portable (BIPT; libphonenumber flags BE the same way), so the
operator is at most *proposed*, from catalogue data, and the customer or a supplier confirms it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import rphonenumbers as lib

from opla.core.refusal import Code, Refusal
from opla.core.written import Digits, digits_in

#: Numbers that call for help, per country, without trunk zero. Belgium: 100, 101, 112 and the other help lines 10x and
#: 11x, and the EU's harmonised 116xxx (Google's short-number data for BE, 9.0.42). 112 works in every GSM network.
_HELP = {"BE": re.compile(r"1[01]\d|116\d{3}")}
_HELP_ANYWHERE = re.compile(r"112")
#: Belgian short codes have four digits (base.be's list of services to block; Google's short-number data for BE).
_SHORT_CODE = re.compile(r"[1-9]\d{3}")
#: Machines have the range 077 since BIPT's decision of 6 September 2011; their length was not found, so any is refused.
_MACHINE = {"BE": re.compile(r"77\d{6,11}")}

#: Mobile numbers so plain that the library is not asked: how people write them at home, and a range of the plan. It
#: says nothing that the library does not say too (a law in the tests), and says it sooner.
_PLAIN = {"BE": re.compile(r"(?:(?:\+|00)?320?|0)?(4[5-9][0-9]{7})")}

_E164_DIGITS = 15  # the longest number there is, calling code included (ITU-T E.164)

_KINDS: dict[int, str] = {
    lib.PhoneNumberType.TOLL_FREE: "toll_free",
    lib.PhoneNumberType.PREMIUM_RATE: "premium_rate",
    lib.PhoneNumberType.SHARED_COST: "shared_cost",
    lib.PhoneNumberType.VOIP: "voip",
    lib.PhoneNumberType.PERSONAL_NUMBER: "personal",
    lib.PhoneNumberType.PAGER: "pager",
    lib.PhoneNumberType.UAN: "company",
    lib.PhoneNumberType.VOICEMAIL: "voicemail",
}
#: In some countries (+1) a mobile number cannot be told from a landline by its digits.
_MOBILE = (lib.PhoneNumberType.MOBILE, lib.PhoneNumberType.FIXED_LINE_OR_MOBILE)


@dataclass(frozen=True)
class Number:
    """A valid mobile number. `e164` is its identity: `+32470123456`."""

    e164: str
    country: str  # ISO 3166 alpha-2, or 001 for the few numbers that belong to no country (satellites)
    national: str  # the digits as dialled inside its country: 0470123456
    home: str = field(default="BE", compare=False, repr=False)  # where it is read: decides how it is shown

    @property
    def grouped(self) -> str:
        """As the reader would write it: `0470 12 34 56` at home, `+33 6 12 34 56 78` for a foreign number."""
        if self.country == self.home == "BE":
            n = self.national  # every Belgian mobile number has ten digits and is grouped alike
            return f"{n[:4]} {n[4:6]} {n[6:8]} {n[8:]}"
        form = lib.PhoneNumberFormat.NATIONAL if self.country == self.home else lib.PhoneNumberFormat.INTERNATIONAL
        return str(lib.format_number(lib.parse(self.e164, None), form))

    @property
    def tel(self) -> str:
        """The link that dials it (RFC 3966)."""
        return f"tel:{self.e164}"


def read(text: str, *, home: str = "BE", served: frozenset[str] = frozenset({"BE"})) -> Number | Refusal:
    """The mobile number a person wrote, or the one reason why it is none we can top up.

    `home` (ISO alpha-2) is where a number without country prefix belongs; `served` are the countries with products.
    Params of a refusal: `missing`/`extra` (how many digits), `country`, `kind` (of a number that is not mobile),
    `grouped` (a foreign number read back). Never raises for any text.
    """
    found = digits_in(text)
    return found if isinstance(found, Refusal) else read_digits(found, home=home, served=served)


def read_digits(found: Digits, *, home: str, served: frozenset[str]) -> Number | Refusal:
    """`read`, once the digits have been found in the text. Asks in the order of `Code`, most helpful reason first."""
    typed = "+" + found.digits if found.plus else found.digits
    if home in _PLAIN and home in served and (mobile := _PLAIN[home].fullmatch(typed)):
        return Number("+32" + mobile[1], home, "0" + mobile[1], home)
    bare = _without_home_prefix(found, home)
    if bare is not None:
        # Before length: 112 is not "too short", it is exactly the wrong thing to top up.
        if _HELP.get(home, _HELP_ANYWHERE).fullmatch(bare):
            return _refuse(Code.NUMBER_EMERGENCY)
        if _SHORT_CODE.fullmatch(bare):
            return _refuse(Code.NUMBER_SHORT_CODE)
        if home in _MACHINE and _MACHINE[home].fullmatch(bare.removeprefix(_trunk(home))):
            return _refuse(Code.NUMBER_NOT_MOBILE, country=home, kind="machine")
    try:
        parsed = lib.parse(typed, home)
    except lib.NumberParseException as why:
        if why.error_type == lib.NumberParseException.INVALID_COUNTRY_CODE:
            return _refuse(Code.NUMBER_INVALID)
        if bare is None and why.error_type == lib.NumberParseException.TOO_LONG:
            return _refuse(Code.NUMBER_TOO_LONG, extra=str(len(found.digits) - _E164_DIGITS))
        return _length_or_range(home, (bare or "").removeprefix(_trunk(home)))
    country = str(lib.region_code_for_number(parsed) or lib.region_code_for_country_code(parsed.country_code))
    if not lib.is_valid_number(parsed):
        if bare is not None:
            return _length_or_range(home, bare.removeprefix(_trunk(home)))
        return _length_or_range(country, str(lib.national_significant_number(parsed)))
    kind: int = lib.number_type(parsed)
    if kind == lib.PhoneNumberType.FIXED_LINE:
        return _refuse(Code.NUMBER_LANDLINE, country=country)
    if kind not in _MOBILE:
        return _refuse(Code.NUMBER_NOT_MOBILE, country=country, kind=_KINDS.get(kind, "unknown"))
    national = "".join(c for c in lib.format_number(parsed, lib.PhoneNumberFormat.NATIONAL) if c.isdecimal())
    number = Number(str(lib.format_number(parsed, lib.PhoneNumberFormat.E164)), country, national, home)
    if country not in served:
        return _refuse(Code.NUMBER_FOREIGN, country=country, grouped=number.grouped)
    return number


def propose(number: Number, blocks: Mapping[str, str]) -> str | None:
    """The operator whose block the number came from (`{"0470": "proximus"}`), longest prefix first; never a claim.

    `blocks` are those of the reader's own country; nothing is proposed for a number of another one.
    """
    if number.country != number.home:
        return None
    prefixes = (number.national[:length] for length in range(len(number.national), 0, -1))
    return next((blocks[prefix] for prefix in prefixes if prefix in blocks), None)


def _without_home_prefix(found: Digits, home: str) -> str | None:
    """The digits after +32, 0032 or a bare 32 that cannot be anything else; None for a number of another country."""
    calling_code = str(lib.country_code_for_region(home))
    digits = found.digits
    if not found.plus and not digits.startswith("00"):
        # 32 470 12 34 5 is a Belgian number short of a digit, not a national number with one too many.
        longer_than_national = len(digits) > max(_mobile_lengths(home), default=0)
        return digits.removeprefix(calling_code) if longer_than_national else digits
    abroad = digits if found.plus else digits[2:]
    return abroad.removeprefix(calling_code) if abroad.startswith(calling_code) else None


def _length_or_range(country: str, significant: str) -> Refusal:
    """Why digits that belong to no range are refused: how many are missing or too many for a mobile number there."""
    lengths = _mobile_lengths(country)
    have = len(significant)
    if not lengths or have in lengths:
        return _refuse(Code.NUMBER_INVALID, country=country)
    if have > lengths[-1]:
        return _refuse(Code.NUMBER_TOO_LONG, country=country, extra=str(have - lengths[-1]))
    missing = next(n for n in lengths if n > have) - have
    # 02 123 45 67 has all the digits of a landline and begins like no mobile number: it is not "one digit short".
    calling_code = lib.country_code_for_region(country)
    as_typed, completed = (_significant(calling_code, significant + more) for more in ("", "5" * missing))
    if lib.is_possible_number(as_typed) and lib.number_type(completed) not in _MOBILE:
        return _refuse(Code.NUMBER_INVALID, country=country)
    return _refuse(Code.NUMBER_TOO_SHORT, country=country, missing=str(missing))


def _significant(calling_code: int, digits: str) -> lib.PhoneNumber:
    return lib.PhoneNumber(country_code=calling_code, national_number=int(digits or "0"))


@lru_cache(maxsize=256)
def _mobile_lengths(country: str) -> tuple[int, ...]:
    """How many digits a mobile number of this country has after the calling code, rising."""
    code = lib.country_code_for_region(country)
    mobile = lib.PhoneNumberType.MOBILE
    numbers = {n: _significant(code, "5" * n) for n in range(4, 16)}
    possible = lib.ValidationResult.IS_POSSIBLE
    return tuple(
        n for n, number in numbers.items() if lib.is_possible_number_for_type_with_reason(number, mobile) == possible
    )


@lru_cache(maxsize=256)
def _trunk(country: str) -> str:
    """What is dialled before a number inside its country: 0 in Belgium, nothing in Spain."""
    return str(lib.ndd_prefix_for_region(country, True) or "")


def _refuse(code: Code, **params: str) -> Refusal:
    return Refusal(code, "number", params)
