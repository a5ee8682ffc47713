"""Message encryption for web push (RFC 8291) in one record of `aes128gcm` (RFC 8188): only the browser can read it."""

from __future__ import annotations

import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

#: The record size that is announced, and what a push service must take at the least (RFC 8291 §4).
_RECORD = 4096


def encrypt(
    plain: bytes, p256dh: bytes, auth: bytes, *, salt: bytes, key: ec.EllipticCurvePrivateKey, pad: int
) -> bytes:
    """The body to post. `salt` (16 bytes) and `key` must be new for each message; `pad` is the length it is filled up
    to, so that its size tells nothing.

    Raises ValueError when `p256dh` is no point of P-256, or the message is too long for one record.
    """
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), p256dh)
    ours = point(key)
    shared = key.exchange(ec.ECDH(), theirs)
    secret = _derived(auth, shared, b"WebPush: info\0" + p256dh + ours, 32)
    filled = plain + b"\x02" + bytes(max(0, pad - len(plain)))
    if len(filled) + 16 > _RECORD:
        raise ValueError(f"a message of {len(plain)} bytes does not fit into one record")
    sealing = _derived(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(salt, secret, b"Content-Encoding: nonce\0", 12)
    head = salt + struct.pack(">IB", _RECORD, len(ours)) + ours
    return head + AESGCM(sealing).encrypt(nonce, filled, None)


def point(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public half, uncompressed: 65 bytes."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derived(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    """HKDF with SHA-256 (RFC 5869), for results of one block at the most."""
    extracted = hmac.new(salt, secret, hashlib.sha256).digest()
    return hmac.new(extracted, info + b"\x01", hashlib.sha256).digest()[:length]
