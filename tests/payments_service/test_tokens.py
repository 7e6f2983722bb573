"""Who pays: the user of a valid token, a guest without one, and nobody with anything else."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx2 as httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pymongo import MongoClient

from tests.flows.shops import OpenShop


@pytest.fixture(scope="module")
def key(shared: OpenShop) -> dict[str, Any]:
    """The real one, from where only its owner can read it: a forger with less must fail too."""
    with MongoClient(shared.mongo.uri) as client:
        found = client[shared.environment["USERS_DATABASE"]].signing_keys.find_one()
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


def signed(key: dict[str, Any], said: dict[str, Any] | None = None, **header: Any) -> str:
    return jwt.encode(said or claims(), key["pem"], "EdDSA", headers={"kid": key["kid"]} | header)


def by_hand(header: dict[str, Any], said: dict[str, Any], secret: bytes | None) -> str:
    """What a library would refuse to make."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, said)]
    text = b".".join(parts)
    mac = b"" if secret is None else hmac.digest(secret, text, hashlib.sha256)
    return (text + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()


def public(key: dict[str, Any]) -> bytes:
    return base64.urlsafe_b64decode(key["public"]["x"] + "=")


def flipped(token: str) -> str:
    head, _, signature = token.rpartition(".")
    return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


NOW = int(time.time())
DEFECTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "expired": lambda key: signed(key, claims(iat=NOW - 7200, exp=NOW - 3600)),
    **{f"no {name}": (lambda key, name=name: signed(key, claims(**{name: None}))) for name in claims()},
    "another issuer": lambda key: signed(key, claims(iss="somebody")),
    "another audience": lambda key: signed(key, claims(aud="bank")),
    "issued tomorrow": lambda key: signed(key, claims(iat=NOW + 86_400, exp=NOW + 90_000)),
    "not yet valid": lambda key: signed(key, claims(nbf=NOW + 3600)),
    "empty subject": lambda key: signed(key, claims(sub="")),
    "exp is text": lambda key: signed(key, claims(exp="tomorrow")),
    "another key of the same id": lambda key: jwt.encode(
        claims(), Ed25519PrivateKey.generate(), "EdDSA", headers={"kid": key["kid"]}
    ),
    "an id that nobody knows": lambda key: signed(key, kid="unknown"),
    "no key id": lambda key: jwt.encode(claims(), key["pem"], "EdDSA"),
    "alg none": lambda key: by_hand({"alg": "none", "kid": key["kid"], "typ": "JWT"}, claims(), None),
    "HS256 with the public key": lambda key: by_hand(
        {"alg": "HS256", "kid": key["kid"]}, claims(), public(key)
    ),
    "HS256 with its text": lambda key: by_hand(
        {"alg": "HS256", "kid": key["kid"]}, claims(), key["public"]["x"].encode()
    ),
    "alg EdDSA and no signature": lambda key: by_hand({"alg": "EdDSA", "kid": key["kid"]}, claims(), None),
    "changed signature": lambda key: flipped(signed(key)),
    "cut": lambda key: signed(key)[:-10],
    "not a token": lambda key: "abc",
    "two dots": lambda key: "..",
    "very long": lambda key: signed(key, claims(x="y" * 3000)),
}


@pytest.mark.parametrize("what", DEFECTS)
async def test_a_token_with_any_defect_is_401(
    shared: OpenShop, http: httpx.AsyncClient, key: dict[str, Any], what: str
) -> None:
    headers = {"Authorization": f"Bearer {DEFECTS[what](key)}"}
    answer = await http.post(f"{shared.payments}/pay", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_same_token_without_a_defect_pays(
    shared: OpenShop, http: httpx.AsyncClient, key: dict[str, Any]
) -> None:
    headers = {"Authorization": f"bearer {signed(key)}"}
    paid = await http.post(f"{shared.payments}/pay", headers=headers)
    seen = await http.get(f"{shared.payments}/payments/{paid.json()['payment_id']}")
    assert (paid.status_code, seen.json()["payer"]) == (201, "alice")


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer ", "Basic YWxpY2U6c2VjcmV0", "Bearer a b", "a.b.c", "Bearer a, Bearer b"]
)
async def test_a_header_that_is_not_one_bearer_token_is_401_and_not_a_guest(
    shared: OpenShop, http: httpx.AsyncClient, given: str
) -> None:
    headers = [(b"Authorization", given.strip().encode())]
    answer = await http.post(f"{shared.payments}/pay", headers=headers)
    assert (answer.status_code, "www-authenticate" in answer.headers) == (401, True)


async def test_two_headers_are_401(shared: OpenShop, http: httpx.AsyncClient, bearer: str) -> None:
    headers = [("Authorization", bearer), ("Authorization", bearer)]
    assert (await http.post(f"{shared.payments}/pay", headers=headers)).status_code == 401


async def test_where_guests_may_not_pay_a_token_is_needed(
    shared: OpenShop, http: httpx.AsyncClient, bearer: str
) -> None:
    closed = shared.spawn("payments_service", "for members only", PAYMENTS_ALLOW_GUESTS="false")
    await asyncio.to_thread(closed.wait_ready)
    as_guest = await http.post(f"{closed.url}/pay")
    as_user = await http.post(f"{closed.url}/pay", headers={"Authorization": bearer})
    assert (as_guest.status_code, as_user.status_code) == (401, 201)
    assert as_guest.headers["www-authenticate"] == "Bearer"
