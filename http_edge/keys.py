"""Ed25519 keys as JWK (RFC 8037): a pair for whoever signs, a ring of public halves for whoever checks."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.utils import base64url_decode, base64url_encode

from http_edge.errors import EdgeError

Jwk = dict[str, str]


class UnusableKey(EdgeError):
    """Not an Ed25519 key, or one that belongs under another id. The text never quotes it."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    private_key: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def from_pem(cls, pem: str) -> "KeyPair":
        try:
            key = load_pem_private_key(pem.encode(), password=None)
        except (ValueError, TypeError):
            raise UnusableKey("this is not a private key in PEM") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise UnusableKey("this is not an Ed25519 key")
        return cls(key)

    def pem(self) -> str:
        """PKCS#8 without a passphrase. For the signer's own store and nothing else."""
        return self.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    @property
    def kid(self) -> str:
        return thumbprint(self.public_jwk_members())

    def public_jwk_members(self) -> Jwk:
        x = base64url_encode(self.private_key.public_key().public_bytes_raw()).decode()
        return {"kty": "OKP", "crv": "Ed25519", "x": x}

    def public_jwk(self) -> Jwk:
        return {**self.public_jwk_members(), "kid": self.kid, "alg": "EdDSA", "use": "sig"}


def generate_key_pair() -> KeyPair:
    return KeyPair(Ed25519PrivateKey.generate())


def thumbprint(jwk: Mapping[str, str]) -> str:
    """RFC 7638: the required members in the order of the alphabet, without white space."""
    members = {name: jwk[name] for name in ("crv", "kty", "x")}
    digest = hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest()
    return base64url_encode(digest).decode()


class KeyRing:
    """The public keys that count at this moment, by id."""

    def __init__(self) -> None:
        self._keys: dict[str, Ed25519PublicKey] = {}
        self._jwks: dict[str, Jwk] = {}

    def __contains__(self, kid: str) -> bool:
        return kid in self._keys

    def get(self, kid: str) -> Ed25519PublicKey | None:
        return self._keys.get(kid)

    def apply(self, kid: str, jwk: Mapping[str, Any] | None) -> None:
        """Put in a key, or withdraw it (None). UnusableKey for anything else; the ring is then as it was."""
        if jwk is None:
            self._keys.pop(kid, None)
            self._jwks.pop(kid, None)
            return
        key = _public_key(kid, jwk)
        self._keys[kid] = key
        self._jwks[kid] = {
            name: str(jwk[name]) for name in ("kty", "crv", "x", "kid", "alg", "use") if name in jwk
        }

    def jwks(self) -> dict[str, list[Jwk]]:
        """A JWK set (RFC 7517 §5): public members only, whatever was put in."""
        return {"keys": [dict(jwk) for _, jwk in sorted(self._jwks.items())]}


def _public_key(kid: str, jwk: Mapping[str, Any]) -> Ed25519PublicKey:
    if (jwk.get("kty"), jwk.get("crv"), jwk.get("kid")) != ("OKP", "Ed25519", kid):
        raise UnusableKey("this is not an Ed25519 key under its own id")
    try:
        return Ed25519PublicKey.from_public_bytes(base64url_decode(jwk["x"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise UnusableKey("the key has no usable x") from None
