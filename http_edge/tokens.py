"""Bearer tokens: JWTs signed with Ed25519 (RFC 8037). Whoever has the public keys checks them without a call.

Pure logic: where keys are kept and how they travel is not known here.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import jwt
from jwt.utils import base64url_decode, base64url_encode

from http_edge.errors import InvalidToken, UnknownKey
from http_edge.keys import KeyPair, KeyRing

ALGORITHM, TYPE = "EdDSA", "JWT"
REQUIRED = ["exp", "iat", "iss", "aud", "sub", "jti"]
LEEWAY = 5  # seconds that clocks of different machines may differ
MAX_TOKEN_CHARACTERS = 2048  # ours have about 400; nothing longer is worth decoding
# What PyJWT and the decoders below it raise for bytes that are no token. ValueError is most of it.
_DEFECTS = (jwt.PyJWTError, ValueError, TypeError, RecursionError, OverflowError)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid token says. Times in seconds since 1970. `generation` counts how often its user has logged out."""

    subject: str
    token_id: str
    issued_at: int
    expires_at: int
    key_id: str
    generation: int = 0


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs with one key. `lifetime` in seconds."""

    key: KeyPair
    issuer: str
    audience: str
    lifetime: int

    def token(self, subject: str, now: float | None = None, generation: int = 0) -> str:
        issued_at = int(time.time() if now is None else now)
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": subject,
            "jti": uuid4().hex,
            "iat": issued_at,
            "exp": issued_at + self.lifetime,
            "generation": generation,
        }
        return jwt.encode(claims, self.key.private_key, ALGORITHM, headers={"kid": self.key.kid})


def verify(token: str, keys: KeyRing, *, issuer: str, audience: str, leeway: int = LEEWAY) -> Claims:
    """InvalidToken for any defect; UnknownKey if the token looks right but its key is not in the ring."""
    kid = _key_id(token)
    if (key := keys.get(kid)) is None:
        raise UnknownKey(kid)
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            issuer=issuer,
            audience=audience,
            leeway=leeway,
            options={"require": REQUIRED},
        )
        return _claims(claims, kid)
    except jwt.ExpiredSignatureError:
        raise InvalidToken("the token has expired") from None
    except _DEFECTS:
        raise InvalidToken("the token is not valid") from None


def _key_id(token: str) -> str:
    """From the header, which nothing vouches for yet."""
    try:
        _refuse_second_spellings(token)
        _refuse_doubled_names(token)
        header = jwt.get_unverified_header(token)
    except _DEFECTS:
        raise InvalidToken("this is not a token") from None
    kid = header.pop("kid", None)
    if header != {"alg": ALGORITHM, "typ": TYPE} or not isinstance(kid, str):
        raise InvalidToken("the token is of a kind that is not used here")
    return kid


def _refuse_second_spellings(token: str) -> None:
    """Padding, and spare bits in the last character: other texts could decode to the same bytes."""
    if len(token) > MAX_TOKEN_CHARACTERS or not token.isascii():
        raise ValueError
    for segment in token.encode().split(b"."):
        if base64url_encode(base64url_decode(segment)) != segment:
            raise ValueError


def _refuse_doubled_names(token: str) -> None:
    """Of two members with one name, which one counts would be a guess (RFC 7519 §4)."""
    for segment in token.encode().split(b".")[:2]:
        json.loads(base64url_decode(segment), object_pairs_hook=_once)


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) < len(members):
        raise ValueError
    return found


def _claims(claims: Mapping[str, Any], kid: str) -> Claims:
    subject, token_id = claims["sub"], claims["jti"]
    generation = claims.get("generation", 0)  # older tokens do not say it
    if not (isinstance(subject, str) and subject and isinstance(token_id, str)):
        raise TypeError
    if type(generation) is not int or generation < 0:  # True is an int too
        raise TypeError
    return Claims(subject, token_id, int(claims["iat"]), int(claims["exp"]), kid, generation)
