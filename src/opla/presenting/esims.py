"""An eSIM's activation code as its buyer needs it: a picture to scan, two links to tap, two fields to type.

The links are the phones' own. Apple's is taken by the iPhone itself (docs.connect-api.1global.com, "eSIM Installation",
undated: from iOS 17.5; pub.dev, esim_universal_installer: from 17.4). Android's is taken by many phones that have
Google's services (the same package: from Android 10). The first source does not count on it, and neither Apple nor
Google was found to describe them, so the picture and the fields stand beside. Both links hold the secret.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from opla.core.sim import read_code
from opla.presenting.pictures import qr

_IPHONE: Final = "https://esimsetup.apple.com/esim_qrcode_provisioning?carddata="
_ANDROID: Final = "https://esimsetup.android.com/esim_qrcode_provisioning?carddata="


@dataclass(frozen=True)
class Esim:
    """One on the screen. Never printed by accident."""

    raw: str = field(repr=False)
    address: str
    matching_id: str = field(repr=False)
    asks_confirmation: bool
    picture: str = field(repr=False)
    iphone: str = field(repr=False)
    android: str = field(repr=False)


def esim(raw: str) -> Esim:
    """What was just revealed, with every way to install it."""
    read, data = read_code(raw), quote(raw, safe=":$")
    return Esim(
        raw,
        read.smdp_address,
        read.matching_id,
        read.confirmation_required,
        qr(raw),
        _IPHONE + data,
        _ANDROID + data,
    )
