"""Who sends: a token signed with the shop's key, which the browser was told when it subscribed (VAPID, RFC 8292)."""

from __future__ import annotations

import base64
import json

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from opla.notices.web_push.encryption import point

#: A token may be good for a day at the most (RFC 8292 §2).
GOOD_FOR_S = 12 * 3600


def header(key: ec.EllipticCurvePrivateKey, *, origin: str, subject: str, expires: int) -> str:
    """The value of `Authorization`. `origin` is the push service's, `expires` in seconds since 1970."""
    signed = unsigned(origin, subject, expires)
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")  # as JWS writes it (RFC 7518 §3.4)
    return f"vapid t={signed}.{written(signature)}, k={written(point(key))}"


def unsigned(origin: str, subject: str, expires: int) -> str:
    """What is signed."""
    parts = ({"typ": "JWT", "alg": "ES256"}, {"aud": origin, "exp": expires, "sub": subject})
    return ".".join(written(json.dumps(part, separators=(",", ":")).encode()) for part in parts)


def written(plain: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(plain).decode().rstrip("=")
