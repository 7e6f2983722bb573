"""Logging in: a token for the right password, and for everything else one answer that tells nothing."""

import statistics
import time
import uuid
from pathlib import Path

import httpx2 as httpx
import jwt
import pytest

from dev.kafka import Kafka
from dev.mongo import Mongo
from tests.flows.shops import OpenShop, open_shop
from tests.flows.topics import types_of, until_records

ATTEMPTS = 21  # of each kind: an odd number, so that the median is one of them
# A hash of cost 8 takes 17 ms here, the rest of an answer 2 ms: without the dummy hash the ratio would be 8.
AS_LONG = 2.0
UNTHROTTLED = {"USERS_BCRYPT_COST": "8", "USERS_LOGIN_FAILURES_PER_ACCOUNT": "0"}


@pytest.fixture
async def alice(shared: OpenShop, http: httpx.AsyncClient) -> str:
    name = f"alice-{uuid.uuid4().hex[:8]}"
    await http.post(f"{shared.users}/register", data={"username": name, "password": "secret"})
    return name


async def test_a_token_says_who_when_and_for_how_long(
    shared: OpenShop, http: httpx.AsyncClient, alice: str
) -> None:
    answer = await http.post(f"{shared.users}/login", data={"username": alice.upper(), "password": "secret"})
    assert (answer.status_code, set(answer.json())) == (200, {"access_token", "token_type", "expires_in"})
    token, keys = (
        answer.json()["access_token"],
        (await http.get(f"{shared.users}/.well-known/jwks.json")).json(),
    )
    (key,) = keys["keys"]
    assert "d" not in key
    claims = jwt.decode(token, jwt.PyJWK(key), ["EdDSA"], audience="shop", issuer="users_service")
    assert claims["sub"] == alice
    assert claims["exp"] - claims["iat"] == answer.json()["expires_in"] == 3600
    assert jwt.get_unverified_header(token)["kid"] == key["kid"]


async def test_each_login_is_an_event_behind_the_registration(
    shared: OpenShop, http: httpx.AsyncClient, alice: str
) -> None:
    for fields in (
        {"data": {"username": alice, "password": "secret"}},
        {"json": {"username": alice, "password": "secret"}},
    ):
        assert (await http.post(f"{shared.users}/login", **fields)).status_code == 200

    async def about() -> list[object]:
        return [record for record in await shared.records("notifications") if record.key == alice.encode()]

    found = await until_records(about, lambda records: len(records) >= 3)
    assert types_of(found) == ["users.registered.v1", "users.logged_in.v1", "users.logged_in.v1"]


async def test_whatever_is_wrong_the_answer_is_the_same(
    shared: OpenShop, http: httpx.AsyncClient, alice: str
) -> None:
    wrong = [
        {"username": alice, "password": "Secret"},
        {"username": alice, "password": ""},
        {"username": alice, "password": "x" * 73},
        {"username": alice, "password": "secret" + "\x00"},
        {"username": "nobody-" + alice, "password": "secret"},
        {"username": "no name!", "password": "secret"},
        {"username": "", "password": "secret"},
    ]
    answers = [
        await http.post(f"{shared.users}/login", data=fields, headers={"X-Request-ID": "r"})
        for fields in wrong
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(401, answers[0].content)}
    assert {answer.headers["www-authenticate"] for answer in answers} == {"Bearer"}


async def test_72_bytes_log_in_and_the_same_with_one_more_do_not(
    shared: OpenShop, http: httpx.AsyncClient
) -> None:
    name, password = f"long-{uuid.uuid4().hex[:8]}", "x" * 72
    await http.post(f"{shared.users}/register", data={"username": name, "password": password})
    statuses = [
        (await http.post(f"{shared.users}/login", data={"username": name, "password": attempt})).status_code
        for attempt in (password, password + "x")
    ]
    assert statuses == [200, 401]


async def test_the_time_of_an_answer_does_not_tell_what_was_wrong(
    tmp_path: Path, kafka: Kafka, mongo: Mongo
) -> None:
    wrong = {
        "password": {"username": "alice", "password": "Secret"},
        "long password": {"username": "alice", "password": "x" * 73},
        "user": {"username": "nobody", "password": "secret"},
        "name": {"username": "no name!", "password": "secret"},
    }
    took: dict[str, list[float]] = {what: [] for what in wrong}
    with open_shop(tmp_path, kafka, mongo, "users_service", **UNTHROTTLED) as shop:
        async with httpx.AsyncClient(base_url=shop.users) as http:
            await http.post("/register", data={"username": "alice", "password": "secret"})
            for _ in range(ATTEMPTS):
                for what, fields in wrong.items():
                    began = time.perf_counter()
                    await http.post("/login", data=fields)
                    took[what].append(time.perf_counter() - began)
    medians = {what: statistics.median(seconds) for what, seconds in took.items()}
    assert max(medians.values()) < AS_LONG * min(medians.values()), medians
