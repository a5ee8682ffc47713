"""The keys that open what the database keeps sealed. They lie outside it, and outside its backups.

One file, `keys.json` (mode 0600), made at the first start; a host may put it elsewhere with OPLA_KEYS.
Losing it loses every unrevealed code: back it up apart from the database.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import secrets
import tempfile
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_NONCE_BYTES = 12
#: Of the group of P-256 (FIPS 186-5; SEC 2, 2.4.2).
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Unopenable(Exception):  # noqa: N818
    """A sealed value does not open: another key, another row, or somebody changed it."""


@dataclass(frozen=True)
class Keyring:
    """`seal` and `open` (AES-256-GCM, NIST SP 800-38D) bind a value to what it is `about`: rows cannot be swapped."""

    signing_key: str = field(repr=False)
    fingerprint_key: bytes = field(repr=False)
    sealing_keys: tuple[bytes, ...] = field(repr=False)  # the last one seals; all of them open
    passport_keys_made: tuple[bytes, ...] = field(default=(), repr=False)  # by `turn_passport_key`

    def seal(self, plain: bytes, about: bytes) -> bytes:
        """One byte key number, 12 bytes nonce, ciphertext and tag."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        number = len(self.sealing_keys) - 1
        nonce = os.urandom(_NONCE_BYTES)
        return bytes([number]) + nonce + AESGCM(self.sealing_keys[number]).encrypt(nonce, plain, about)

    def open(self, sealed: bytes, about: bytes) -> bytes:
        """The plain value. Raises `Unopenable`."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            key = self.sealing_keys[sealed[0]]
            return AESGCM(key).decrypt(sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :], about)
        except (InvalidTag, IndexError, ValueError):
            raise Unopenable("this value does not open with the keys of this shop") from None

    @property
    def push_key(self) -> int:
        """The shop's own key for web push (RFC 8292), a scalar of P-256: made from a key there is.

        48 bytes are reduced, so that no scalar is likelier than another by more than one in 2^128.
        """
        wide = hashlib.blake2b(b"web push", key=self.fingerprint_key, person=b"vapid", digest_size=48).digest()
        return int.from_bytes(wide, "big") % (_ORDER - 1) + 1

    @property
    def passport_keys(self) -> tuple[bytes, ...]:
        """The seeds of the keys that sign sellers' passports (Ed25519, RFC 8032): the last one signs, all of them are
        believed. The first is made from a key there is."""
        first = hashlib.blake2b(b"passport", key=self.fingerprint_key, person=b"passport", digest_size=32).digest()
        return self.passport_keys_made or (first,)

    @property
    def marks(self) -> tuple[str, ...]:
        """A word for each key, by which a backup says what it was sealed with, and which tells nothing of the key."""
        keys = (self.fingerprint_key, *self.sealing_keys)
        return tuple(hmac.new(key, b"opla backup", hashlib.sha256).hexdigest()[:16] for key in keys)

    def fingerprint(self, pin: str) -> bytes:
        """The same for the same PIN however it was grouped, and worthless without the key (PINs are short)."""
        plain = "".join(c for c in unicodedata.normalize("NFKC", pin).upper() if c.isalnum())
        return hmac.new(self.fingerprint_key, plain.encode(), hashlib.sha256).digest()


def digest(secret: bytes) -> bytes:
    """How a 128-bit secret (an order's link, a device) is stored: it cannot be guessed, so a plain hash is enough."""
    return hashlib.sha256(secret).digest()


@cache
def place(var: Path) -> Path:
    """The file of the keys, whether it is there or not."""
    return Path(os.environ.get("OPLA_KEYS", var / "keys.json"))


def load(var: Path) -> Keyring:
    """The keys of this shop, made on first use. Two processes that start together get the same ones."""
    path = place(var)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh: dict[str, object] = {
            "signing": secrets.token_urlsafe(48),
            "fingerprint": secrets.token_hex(32),
            "sealing": [secrets.token_hex(32)],
        }
        with contextlib.suppress(FileExistsError):  # somebody was first: then theirs are the keys
            _write(path, fresh, os.link)
    kept = json.loads(path.read_text())
    return Keyring(
        kept["signing"],
        bytes.fromhex(kept["fingerprint"]),
        tuple(bytes.fromhex(key) for key in kept["sealing"]),
        tuple(bytes.fromhex(key) for key in kept.get("passport", ())),
    )


def turn_passport_key(var: Path, *, leaked: bool) -> Keyring:
    """Another key signs passports from now on. With `leaked` none of those before is believed any more."""
    with (place(var).parent / ".keys-turning").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        before = () if leaked else load(var).passport_keys
        kept = json.loads(place(var).read_text())
        kept["passport"] = [key.hex() for key in (*before, secrets.token_bytes(32))]
        _write(place(var), kept, os.replace)
    return load(var)


def _write(path: Path, kept: dict[str, object], put: Callable[[str, Path], None]) -> None:
    """Whole or not at all: beside it first, then in its place."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".keys-")
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(kept, file)
            file.flush()
            os.fsync(file.fileno())
        put(name, path)
    finally:
        Path(name).unlink(missing_ok=True)
