"""What a quote keeps of its promotions, so that what was shown can be shown again; and how it is written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from opla.core.promotion.offer import Applied, Lack, Nearly, Offer


@dataclass(frozen=True)
class Kept:
    """`version` is of the document. `given`: names of operators' promotions. `opened`: whose coupons were typed."""

    version: int
    applied: tuple[Applied, ...] = ()
    nearly: tuple[Nearly, ...] = ()
    given: tuple[str, ...] = ()
    until: datetime | None = None
    opened: frozenset[str] = frozenset()

    @classmethod
    def of(cls, offer: Offer, version: int, opened: frozenset[str]) -> Self | None:
        """None where there is nothing to say."""
        if not (offer.applied or offer.nearly or offer.given or opened):
            return None
        given = tuple(promotion.id for promotion in offer.given)
        return cls(version, offer.applied, offer.nearly, given, offer.until, opened)

    @property
    def document(self) -> dict[str, object]:
        return {
            "version": self.version,
            "applied": [[one.id, one.off_minor, one.fee_minor] for one in self.applied],
            "nearly": [
                [n.id, n.lack, n.ours, n.sku, n.amount_minor, n.more_minor, n.saves_minor, _written(n.starts_at)]
                for n in self.nearly
            ],
            "given": list(self.given),
            "until": _written(self.until),
            "opened": sorted(self.opened),
        }

    @classmethod
    def read(cls, document: Mapping[str, object]) -> Self:
        """What `document` wrote."""
        return cls(
            _whole(document["version"]),
            tuple(Applied(str(id_), _whole(off), _whole(fee)) for id_, off, fee in _rows(document["applied"])),
            tuple(
                Nearly(str(a), Lack(str(b)), bool(c), str(d), _whole(e), _whole(f), _whole(g), _instant(h))
                for a, b, c, d, e, f, g, h in _rows(document["nearly"])
            ),
            tuple(str(name) for name in _list(document["given"])),
            _instant(document["until"]),
            frozenset(str(name) for name in _list(document["opened"])),
        )


def _written(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def _instant(value: object) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is no whole number")
    return value


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else []


def _rows(value: object) -> list[Sequence[object]]:
    return [_list(row) for row in _list(value)]
