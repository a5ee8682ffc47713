"""A seller's passport: the signed proof that whoever sells at one place is ours, and what a customer may conclude.

    applied ──approved──▶ approved ──fell_due──▶ due_review ──reviewed──▶ approved, for another year
       │                   │   ╲                    │   ╲
       │                   │    ╲──suspended──▶ suspended ──resumed──▶ approved
       └─refused─▶ refused └─────expired──▶ expired ◀┘      and any of them ──withdrawn──▶ withdrawn

What is signed never changes: another name or another place is another passport. A QR can be copied by anybody, so a
good signature alone is never green (`VERDICTS`):

| the proof         | its state now      | looked up | is it where you are? | verdict    |
|-------------------|--------------------|-----------|----------------------|------------|
| not signed by us  | any                | any       | any                  | red        |
| ours              | applied, refused   | now       | any                  | red        |
| ours              | over, or past end  | now       | any                  | red        |
| ours              | approved, or due   | now       | yes                  | green      |
| ours              | approved, or due   | now       | no                   | other_shop |
| ours              | approved, or due   | now       | not said             | amber      |
| ours, past end    | not known          | offline   | any                  | red        |
| ours              | not known          | offline   | no                   | other_shop |
| ours              | not known          | offline   | yes, or not said     | amber      |
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from stdnum.be import vat
from stdnum.cn import uscc
from stdnum.iso7064 import mod_37_36

from opla.core.chance import ALPHABET, Chance
from opla.core.refusal import Code, Refusal

#: How long an approval lasts; then somebody looks again.
LASTS: Final = timedelta(days=365)
#: How long before its end a passport is due for review.
DUE_BEFORE: Final = timedelta(days=30)
#: Nobody approves for longer than this.
AT_MOST: Final = timedelta(days=2 * 365)
MOST_NAME: Final = 80
MOST_PLACE: Final = 120


class State(StrEnum):
    """Where a passport stands. Published."""

    APPLIED = "applied"
    REFUSED = "refused"
    APPROVED = "approved"
    DUE_REVIEW = "due_review"  # still good, and to be looked at before its end
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Event(StrEnum):
    APPROVED = "approved"
    REFUSED = "refused"
    FELL_DUE = "fell_due"
    REVIEWED = "reviewed"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


ARROWS: Final[dict[tuple[State, Event], State]] = {
    (State.APPLIED, Event.APPROVED): State.APPROVED,
    (State.APPLIED, Event.REFUSED): State.REFUSED,
    (State.APPLIED, Event.WITHDRAWN): State.WITHDRAWN,
    (State.APPROVED, Event.FELL_DUE): State.DUE_REVIEW,
    (State.APPROVED, Event.REVIEWED): State.APPROVED,
    (State.DUE_REVIEW, Event.REVIEWED): State.APPROVED,
    (State.APPROVED, Event.SUSPENDED): State.SUSPENDED,
    (State.DUE_REVIEW, Event.SUSPENDED): State.SUSPENDED,
    (State.SUSPENDED, Event.RESUMED): State.APPROVED,
    (State.APPROVED, Event.WITHDRAWN): State.WITHDRAWN,
    (State.DUE_REVIEW, Event.WITHDRAWN): State.WITHDRAWN,
    (State.SUSPENDED, Event.WITHDRAWN): State.WITHDRAWN,
    (State.APPROVED, Event.EXPIRED): State.EXPIRED,
    (State.DUE_REVIEW, Event.EXPIRED): State.EXPIRED,
    (State.SUSPENDED, Event.EXPIRED): State.EXPIRED,
}

#: In these somebody may rely on it, until its end.
GOOD: Final = frozenset({State.APPROVED, State.DUE_REVIEW})
#: In these it may be ended by somebody.
ENDABLE: Final = frozenset(source for source, event in ARROWS if event is Event.WITHDRAWN)
#: From here nothing leads on.
ENDED: Final = frozenset(State) - {source for source, _ in ARROWS}
#: These are said with a reason that the seller reads.
WITH_REASON: Final = frozenset({Event.REFUSED, Event.SUSPENDED, Event.WITHDRAWN})
#: These make a new proof.
SIGNS: Final = frozenset({Event.APPROVED, Event.REVIEWED})


def move(state: State, event: Event) -> State | None:
    """Where it leads; None: nowhere from here."""
    return ARROWS.get((state, event))


# ── who sells, and where ──


class NumberKind(StrEnum):
    """By which register a seller is found. Published."""

    BE = "be"  # Belgian enterprise number
    CN = "cn"  # Chinese unified social credit code
    OTHER = "other"  # no machine checks it: a person does


class PlaceKind(StrEnum):
    """Published."""

    SHOP = "shop"  # a page on a marketplace
    SITE = "site"  # the seller's own domain
    STREET = "street"


@dataclass(frozen=True)
class Seller:
    """`name` is what customers know; `number` as its register writes it."""

    name: str
    legal_name: str
    country: str
    number_kind: NumberKind
    number: str


@dataclass(frozen=True)
class PlaceOfSale:
    """Where it is that one passport is good for: an address of the web without its scheme's noise, or a street's."""

    kind: PlaceKind
    text: str


def read_seller(name: str, legal_name: str, country: str, number_kind: str, number: str) -> Seller | list[Refusal]:
    """As typed; or everything that is wrong with it."""
    wrong: list[Refusal] = []
    texts = {"name": _one_line(name), "legal_name": _one_line(legal_name)}
    for field, text in texts.items():
        if not 2 <= len(text) <= MOST_NAME:
            wrong.append(Refusal(Code.SELLER_NAME_INVALID, field))
    kind = NumberKind(number_kind) if number_kind in list(NumberKind) else NumberKind.OTHER
    land = {NumberKind.BE: "BE", NumberKind.CN: "CN"}.get(kind, country.strip().upper())
    if not re.fullmatch(r"[A-Z]{2}", land):
        wrong.append(Refusal(Code.COUNTRY_UNKNOWN, "country"))
    found = read_number(kind, number)
    if isinstance(found, Refusal):
        wrong.append(found)
        return wrong
    return wrong or Seller(texts["name"], texts["legal_name"], land, kind, found)


def read_number(kind: NumberKind, typed: str) -> str | Refusal:
    """A registration number as its register writes it. Of another country's no more than its shape is judged."""
    plain = unicodedata.normalize("NFKC", typed).strip()
    match kind:
        case NumberKind.BE if vat.is_valid(plain):
            digits = vat.compact(plain)
            return f"{digits[:4]}.{digits[4:7]}.{digits[7:]}"
        case NumberKind.CN if uscc.is_valid(plain):
            return uscc.compact(plain)
        case NumberKind.OTHER if re.fullmatch(r"[\w./ -]{3,40}", plain, re.ASCII):
            return plain
    return Refusal(Code.REGISTRATION_INVALID, "number", {"register": kind})


def read_place(kind: str, typed: str) -> PlaceOfSale | Refusal:
    """Where they sell, as typed. Hosts are written in ASCII (IDNA): letters that only look alike are told apart."""
    wrong = Refusal(Code.PLACE_OF_SALE_INVALID, "place", {"kind": kind if kind in list(PlaceKind) else ""})
    text = _one_line(typed)
    if kind not in list(PlaceKind) or not 4 <= len(text) <= MOST_PLACE:
        return wrong
    if kind == PlaceKind.STREET:
        return PlaceOfSale(PlaceKind.STREET, text) if len(text) >= 10 else wrong
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host = (parts.hostname or "").encode("idna").decode().lower()
        port = parts.port
    except (ValueError, UnicodeError):
        return wrong
    if parts.scheme not in ("http", "https") or port or parts.username or not _HOST.fullmatch(host):
        return wrong
    if kind == PlaceKind.SITE:
        return PlaceOfSale(PlaceKind.SITE, host.removeprefix("www."))
    if parts.fragment:  # no server is sent it, so what it leads to is whatever a script makes of it
        return replace(wrong, params={"kind": "fragment"})
    rest = f"{parts.path}?{parts.query}" if parts.query else parts.path.rstrip("/")
    found = f"{host}{rest}"
    if not found.isascii() or len(found) > MOST_PLACE or not (rest or _own_host(host)):
        return wrong  # the marketplace itself is nobody's shop
    return PlaceOfSale(PlaceKind.SHOP, found)


def _own_host(host: str) -> bool:
    """Whether a marketplace gave a shop a name of its own (shop123.taobao.com). Its door for everybody, for phones or
    for one country is none: www.ebay.com, m.ebay.com, amazon.co.uk, nl.aliexpress.com."""
    *labels, below, top = host.split(".")
    if len(top) == 2 and below in _BELOW_COUNTRIES:
        labels = labels[:-1]
    return any(len(label) > 2 and label != "www" for label in labels)


#: Under two letters of a country these are no names of anybody's (co.uk, com.cn).
_BELOW_COUNTRIES: Final = frozenset({"ac", "co", "com", "edu", "gov", "ne", "net", "or", "org"})
_HOST: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*\.(?:[a-z]{2,24}|xn--[a-z0-9-]{1,59})")


def _one_line(text: str) -> str:
    """Without what cannot be seen: an invisible sign, or one that turns the reading, makes texts look alike."""
    plain = unicodedata.normalize("NFC", text)
    return " ".join("".join(c for c in plain if c.isspace() or unicodedata.category(c)[0] != "C").split())


# ── its number ──

_DRAWN: Final = 7


def draw_number(chance: Chance) -> str:
    """What people type, `K7M39QXY`: seven drawn, and one that finds every wrong letter (ISO 7064, mod 31,30)."""
    drawn = chance.order_number().replace("-", "")[:_DRAWN]
    return drawn + mod_37_36.calc_check_digit(drawn, alphabet=ALPHABET)


def read_passport_number(typed: str) -> str | Refusal:
    """As typed, however it is grouped. A refusal says that it is mistyped, never whether there is such a passport."""
    plain = re.sub(r"[\s\-‐-―.]", "", unicodedata.normalize("NFKC", typed)).upper()
    wrong = Refusal(Code.PASSPORT_NUMBER_WRONG, "number")
    if len(plain) != _DRAWN + 1 or not set(plain) <= set(ALPHABET):
        return wrong
    return plain if mod_37_36.is_valid(plain, alphabet=ALPHABET) else wrong


def grouped(number: str) -> str:
    """As people read it: `K7M3-9QXY`."""
    return f"{number[:4]}-{number[4:]}"


# ── the proof ──


@dataclass(frozen=True)
class Claims:
    """What a proof says. It names one place: the same QR anywhere else is a copy."""

    issuer: str  # the address of this shop
    passport: str  # its number
    seller: Seller
    place: PlaceOfSale
    issued_at: datetime
    until: datetime

    def document(self) -> bytes:
        """Short, for a QR that a phone reads from a screen (RFC 7519's names where it has any)."""
        kind, seller = self.place.kind, self.seller
        said: dict[str, str | int] = {
            "iss": self.issuer, "sub": self.passport, "iat": int(self.issued_at.timestamp()),
            "exp": int(self.until.timestamp()), "name": seller.name, "reg": f"{seller.country} {seller.number}",
            str(kind): self.place.text,
        }  # fmt: skip
        return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True)
class Read:
    """A proof whose signature holds, as far as it says what this shop must know."""

    passport: str
    place: PlaceOfSale
    issued_at: datetime
    until: datetime


def read_claims(document: bytes, issuer: str) -> Read | None:
    """None: signed by us, and no proof of a passport of this shop."""
    try:
        said = json.loads(document)
    except ValueError:
        return None
    if not isinstance(said, Mapping) or said.get("iss") != issuer:
        return None
    places = [PlaceOfSale(kind, said[kind]) for kind in PlaceKind if isinstance(said.get(kind), str)]
    number, issued, until = said.get("sub"), said.get("iat"), said.get("exp")
    if len(places) != 1 or not (isinstance(number, str) and isinstance(issued, int) and isinstance(until, int)):
        return None
    return Read(number, places[0], datetime.fromtimestamp(issued, UTC), datetime.fromtimestamp(until, UTC))


# ── what to conclude ──


class Here(StrEnum):
    """What whoever looks answers to: is this where you are?"""

    YES = "yes"
    NO = "no"
    UNSAID = "unsaid"


class Verdict(StrEnum):
    GREEN = "green"
    OTHER_SHOP = "other_shop"  # genuine, but another shop
    AMBER = "amber"  # nothing is decided
    RED = "red"


#: (it may be relied on: None where nobody could ask, what whoever looks says) → what is shown. Where the signature does
#: not hold, or its time is over, nothing is asked of this table.
VERDICTS: Final[dict[tuple[bool | None, Here], Verdict]] = {
    (True, Here.YES): Verdict.GREEN,
    (True, Here.NO): Verdict.OTHER_SHOP,
    (True, Here.UNSAID): Verdict.AMBER,
    (None, Here.YES): Verdict.AMBER,
    (None, Here.NO): Verdict.OTHER_SHOP,
    (None, Here.UNSAID): Verdict.AMBER,
    (False, Here.YES): Verdict.RED,
    (False, Here.NO): Verdict.RED,
    (False, Here.UNSAID): Verdict.RED,
}


def verdict(*, signed: bool, in_time: bool, state: State | None, online: bool, here: Here) -> Verdict:
    """Green needs all of it: our signature, its time, a good state that was looked up now, and the place.

    `state` is None where there is no such passport, or nobody could look.
    """
    if not signed or not in_time:
        return Verdict.RED
    return VERDICTS[(state in GOOD) if online else None, here]
