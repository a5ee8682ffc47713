"""Signing and reading proofs: JWS compact (RFC 7515) by Ed25519 (RFC 8037), the public keys as a JWK set (RFC 7517).

The keys lie in `keys.json` and are read there each time: whoever turns them need not start the shop again. A key id is
the beginning of its thumbprint (RFC 7638), short because it stands in every QR.
"""

from __future__ import annotations

import base64
from collections.abc import Collection
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwa import JWSAlgModel
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry

from opla.core.passport import Claims, Read, read_claims
from opla.db import keyring
from opla.operations.shop import Shop

_ALG: Final = "EdDSA"
_KID: Final = 8
#: Whatever is longer was not signed here.
_MOST: Final = 2_000


class _Registry(JWSRegistry):
    """One algorithm and no other. RFC 9864 calls it Ed25519 by now, which verifiers in use do not know yet: its older
    name is no weaker, so nobody is warned of it."""

    def get_alg(self, name: str) -> JWSAlgModel:
        return self.algorithms[_ALG] if name == _ALG else super().get_alg(name)


_REGISTRY: Final = _Registry(algorithms=[_ALG])


def sign(claims: Claims, shop: Shop) -> tuple[str, str]:
    """Key id and proof, by the newest key."""
    key = _keys(shop)[-1]
    kid = str(key.kid)
    return kid, jws.serialize_compact({"alg": _ALG, "kid": kid}, claims.document(), key, registry=_REGISTRY)


def read(proof: str, shop: Shop) -> Read | None:
    """What a proof says that one of our keys has signed; None for every other text."""
    if not proof.isascii() or not 0 < len(proof) <= _MOST:
        return None
    try:
        kid = jws.extract_compact(proof.encode()).headers().get("kid")
        key = next((key for key in _keys(shop) if key.kid == kid), None)
        found = jws.deserialize_compact(proof, key, registry=_REGISTRY) if key else None
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return read_claims(found.payload, shop.base_url) if found else None


def published(shop: Shop, believed: Collection[str]) -> dict[str, list[dict[str, str]]]:
    """The JWK set: the key that signs now, and those of which `believed` says that a proof of theirs is good still."""
    *before, newest = _keys(shop)
    keys = [newest, *(key for key in reversed(before) if key.kid in believed)]
    return {"keys": [_public(key) for key in keys]}


def _public(key: OKPKey) -> dict[str, str]:
    said = key.as_dict(private=False)
    return {name: str(said[name]) for name in ("kty", "crv", "x", "kid")} | {"use": "sig", "alg": _ALG}


def _keys(shop: Shop) -> list[OKPKey]:
    """Oldest first."""
    return [_key(seed) for seed in keyring.load(shop.var).passport_keys]


def _key(seed: bytes) -> OKPKey:
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": _text(public), "d": _text(seed)})
    return OKPKey.import_key({**key.as_dict(private=True), "kid": key.thumbprint()[:_KID]})


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
