"""Everything that somebody may try in place of a token, made with the real key or with less.

A forger with the real key must fail too: nobody else can show that a claim is looked at.
"""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pymongo import MongoClient

from tests.flows.shops import OpenShop

Key = dict[str, Any]


def signing_key(shop: OpenShop) -> Key:
    """The real one, from where only its owner can read it."""
    with MongoClient(shop.mongo.uri) as client:
        found: Key | None = client[shop.environment["USERS_DATABASE"]].signing_keys.find_one()
    assert found is not None
    return found


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    good = {
        "iss": "users_service",
        "aud": "shop",
        "sub": "alice",
        "jti": uuid.uuid4().hex,
        "iat": now,
        "exp": now + 60,
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def signed(key: Key, said: dict[str, Any] | None = None, **header: Any) -> str:
    return jwt.encode(said or claims(), key["pem"], "EdDSA", headers={"kid": key["kid"]} | header)


def by_hand(header: dict[str, Any], said: dict[str, Any], secret: bytes | None) -> str:
    """What a library would refuse to make."""
    text = b".".join(_encoded(json.dumps(part)) for part in (header, said))
    mac = b"" if secret is None else hmac.digest(secret, text, hashlib.sha256)
    return (text + b"." + _base64(mac)).decode()


def really_signed(key: Key, header: str, said: str) -> str:
    """JSON of any shape, under a signature that is right."""
    private = load_pem_private_key(key["pem"].encode(), None)
    assert isinstance(private, Ed25519PrivateKey)
    text = _encoded(header) + b"." + _encoded(said)
    return (text + b"." + _base64(private.sign(text))).decode()


def doubled(part: dict[str, Any], name: str, second: object) -> str:
    """The same member twice, which libraries read as the last one."""
    return json.dumps(part)[:-1] + f", {json.dumps(name)}: {json.dumps(second)}}}"


def with_key_id(key: Key, kid: object) -> str:
    return really_signed(key, json.dumps(header(key) | {"kid": kid}), json.dumps(claims()))


def header(key: Key) -> dict[str, Any]:
    return {"alg": "EdDSA", "typ": "JWT", "kid": key["kid"]}


def public(key: Key) -> bytes:
    return base64.urlsafe_b64decode(key["public"]["x"] + "=")


def flipped(token: str) -> str:
    head, _, signature = token.rpartition(".")
    return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def _encoded(text: str) -> bytes:
    return _base64(text.encode())


def _base64(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


NOW = int(time.time())
DEFECTS: dict[str, Callable[[Key], str]] = {
    "expired": lambda key: signed(key, claims(iat=NOW - 7200, exp=NOW - 3600)),
    **{f"no {name}": (lambda key, name=name: signed(key, claims(**{name: None}))) for name in claims()},
    "another issuer": lambda key: signed(key, claims(iss="somebody")),
    "another audience": lambda key: signed(key, claims(aud="bank")),
    "issued tomorrow": lambda key: signed(key, claims(iat=NOW + 86_400, exp=NOW + 90_000)),
    "not yet valid": lambda key: signed(key, claims(nbf=NOW + 3600)),
    "empty subject": lambda key: signed(key, claims(sub="")),
    "exp is text": lambda key: signed(key, claims(exp="tomorrow")),
    "another type": lambda key: signed(key, typ="at+jwt"),
    "no type": lambda key: signed(key, typ=None),
    "a generation that is no number": lambda key: signed(key, claims(generation="9")),
    "a generation that is negative": lambda key: signed(key, claims(generation=-1)),
    "another key of the same id": lambda key: jwt.encode(
        claims(), Ed25519PrivateKey.generate(), "EdDSA", headers={"kid": key["kid"]}
    ),
    "an id that nobody knows": lambda key: signed(key, kid="unknown"),
    "an id of the right shape that nobody knows": lambda key: signed(key, kid="A" * 43),
    "an id that climbs": lambda key: signed(key, kid="../../../../../../dev/null"),
    "an id that is null": lambda key: with_key_id(key, None),
    "an id that is a list": lambda key: with_key_id(key, [key["kid"]]),
    "no key id": lambda key: jwt.encode(claims(), key["pem"], "EdDSA"),
    "jku": lambda key: signed(key, jku="http://127.0.0.1:1/keys.json"),
    "jwk": lambda key: signed(key, jwk=key["public"]),
    "crit": lambda key: signed(key, crit=["b64"]),
    "alg none": lambda key: by_hand({"alg": "none", "kid": key["kid"], "typ": "JWT"}, claims(), None),
    "alg NONE": lambda key: by_hand({"alg": "NONE", "kid": key["kid"], "typ": "JWT"}, claims(), None),
    "HS256 with the public key": lambda key: by_hand(
        {"alg": "HS256", "kid": key["kid"], "typ": "JWT"}, claims(), public(key)
    ),
    "HS256 with its text": lambda key: by_hand(
        {"alg": "HS256", "kid": key["kid"], "typ": "JWT"}, claims(), key["public"]["x"].encode()
    ),
    "alg EdDSA and no signature": lambda key: by_hand(header(key), claims(), None),
    "changed signature": lambda key: flipped(signed(key)),
    "a claim twice": lambda key: really_signed(
        key, json.dumps(header(key)), doubled(claims(), "sub", "root")
    ),
    "a member of the head twice": lambda key: really_signed(
        key, doubled(header(key), "alg", "EdDSA"), json.dumps(claims())
    ),
    "claims that are a list": lambda key: really_signed(key, json.dumps(header(key)), "[]"),
    "cut": lambda key: signed(key)[:-10],
    "not a token": lambda key: "abc",
    "two dots": lambda key: "..",
    "very long": lambda key: signed(key, claims(x="y" * 3000)),
}
