"""Failed logins cost pauses, and nobody is locked out."""

import asyncio
import uuid
from pathlib import Path

import httpx2 as httpx
import pytest

from dev.kafka import Kafka
from dev.mongo import Mongo
from event_bus import Database
from tests.flows.shops import OpenShop, open_shop
from users_service.repository import LoginFailures
from users_service.throttle import Limit, household

LIMIT = Limit(failures=3, window=100.0)


@pytest.mark.parametrize(
    ("failures", "pause"), [(0, 0), (2, 0), (3, 1), (4, 2), (5, 4), (8, 32), (9, 60), (50, 60)]
)
def test_pauses_double_up_to_a_minute(failures: int, pause: int) -> None:
    assert LIMIT.pause([1000.0] * failures, now=1000.0) == pause


def test_a_pause_counts_from_the_last_failure_and_passes() -> None:
    assert LIMIT.pause([1000.0, 1001.0, 1002.0, 1003.0], now=1004.5) == 0.5
    assert LIMIT.pause([1000.0, 1001.0, 1002.0, 1003.0], now=1005.0) == 0


def test_what_is_older_than_the_window_is_forgotten() -> None:
    assert LIMIT.pause([1000.0, 1001.0, 1002.0], now=1101.0) == 0


def test_no_limit_is_no_pause() -> None:
    assert Limit(failures=0, window=100.0).pause([1000.0] * 50, now=1000.0) == 0


def test_what_is_remembered_is_enough_for_the_longest_pause() -> None:
    assert LIMIT.pause([1000.0] * LIMIT.remembered, now=1000.0) == 60


@pytest.mark.parametrize(
    ("address", "whose"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_who_has_an_ipv6_address_has_all_beside_it(address: str, whose: str) -> None:
    assert household(address) == whose


async def test_who_tries_many_names_or_one_for_ever_does_not_fill_the_database(
    mongo: Mongo, prefix: str
) -> None:
    async with Database(mongo.uri, prefix + "users_service") as database:
        failures = LoginFailures(database, window=100.0)
        for number in range(10):
            await failures.note({f"account {number}": 3, "address": 3}, 1000.0 + number)
        assert (await failures.of(["address"]))["address"] == [1007.0, 1008.0, 1009.0]
        await failures.note({"account 10": 3}, 1109.0)
        left = await failures.of([*(f"account {number}" for number in range(11)), "address"])
        assert set(left) == {"account 9", "account 10", "address"}


class Guesser:
    """Tries to log in, as somebody from an address."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def registers(self) -> str:
        name = f"u-{uuid.uuid4().hex[:8]}"
        answer = await self.http.post("/register", data={"username": name, "password": "secret"})
        assert answer.status_code == 201
        return name

    async def tries(self, name: str, password: str = "wrong", address: str = "192.0.2.1") -> httpx.Response:
        headers = {"X-Forwarded-For": address}
        return await self.http.post("/login", data={"username": name, "password": password}, headers=headers)


async def stored_cost(shop: OpenShop, name: str) -> int:
    async with Database(shop.mongo.uri, shop.environment["USERS_DATABASE"]) as database:
        user = await database.collection("users").find_one({"_id": name})
    assert user is not None
    return int(user["password_hash"].split("$")[2])


async def test_failed_logins_of_an_account_are_answered_429_known_or_not_at_every_replica(
    tmp_path: Path, kafka: Kafka, mongo: Mongo
) -> None:
    strict = {"USERS_LOGIN_FAILURES_PER_ACCOUNT": "2"}
    with open_shop(tmp_path, kafka, mongo, "users_service", **strict) as shop:
        other = shop.spawn("users_service", "another replica")
        await asyncio.to_thread(other.wait_ready)
        async with (
            httpx.AsyncClient(base_url=shop.users, timeout=20) as here,
            httpx.AsyncClient(base_url=other.url, timeout=20) as there,
        ):
            known = await Guesser(here).registers()
            for name in (known, "nobody"):
                assert [(await Guesser(way).tries(name)).status_code for way in (here, there)] == [401, 401]
                refused = await Guesser(here).tries(name.upper(), "secret")
                assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
                assert refused.headers["content-type"] == "application/problem+json"
            bystander = await Guesser(here).registers()
            assert (await Guesser(here).tries(bystander, "secret")).status_code == 200


async def test_guesses_that_wait_for_a_core_are_counted_too(
    tmp_path: Path, kafka: Kafka, mongo: Mongo
) -> None:
    """All of them were let in before any had failed."""
    strict = {
        "USERS_LOGIN_FAILURES_PER_ACCOUNT": "2",
        "USERS_HASH_THREADS": "1",
        "USERS_BCRYPT_COST": "10",  # so that they wait
    }
    with open_shop(tmp_path, kafka, mongo, "users_service", **strict) as shop:
        async with httpx.AsyncClient(base_url=shop.users, timeout=20) as http:
            guesser = Guesser(http)
            name = await guesser.registers()
            answers = await asyncio.gather(*(guesser.tries(name) for _ in range(10)))
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {401, 429}
    assert 2 <= statuses.count(401) <= 4  # one or two may come just when a core is free


async def test_the_right_password_is_taken_after_the_pause_and_ends_it(
    tmp_path: Path, kafka: Kafka, mongo: Mongo
) -> None:
    strict = {"USERS_LOGIN_FAILURES_PER_ACCOUNT": "2"}
    with open_shop(tmp_path, kafka, mongo, "users_service", **strict) as shop:
        async with httpx.AsyncClient(base_url=shop.users, timeout=20) as http:
            guesser = Guesser(http)
            name = await guesser.registers()
            for _ in range(2):
                await guesser.tries(name)
            statuses = [(await guesser.tries(name, "secret")).status_code]
            while statuses[-1] == 429:
                statuses.append((await guesser.tries(name, "secret")).status_code)
            assert (statuses[0], statuses[-1]) == (429, 200)
            assert (await guesser.tries(name)).status_code == 401
            assert (await guesser.tries(name, "secret")).status_code == 200


@pytest.mark.parametrize(
    ("proxies", "first", "other", "same"),
    [
        ("", "192.0.2.1", "192.0.2.2", True),
        ("127.0.0.0/8,::1", "192.0.2.1", "192.0.2.2", False),
        ("127.0.0.0/8,::1", "2001:db8::1", "2001:db8::2", True),
    ],
    ids=["nobody is trusted", "a proxy is", "of one household"],
)
async def test_an_address_counts_and_is_believed_from_a_trusted_proxy_alone(
    tmp_path: Path, kafka: Kafka, mongo: Mongo, proxies: str, first: str, other: str, same: bool
) -> None:
    strict = {"USERS_LOGIN_FAILURES_PER_ADDRESS": "3", "TRUSTED_PROXIES": proxies}
    with open_shop(tmp_path, kafka, mongo, "users_service", **strict) as shop:
        async with httpx.AsyncClient(base_url=shop.users, timeout=20) as http:
            guesser = Guesser(http)
            for number in range(3):
                assert (await guesser.tries(f"name-{number}", address=first)).status_code == 401
            assert (await guesser.tries("name-4", address=first)).status_code == 429
            assert (await guesser.tries("name-5", address=other)).status_code == (429 if same else 401)


async def test_who_has_an_account_of_his_own_does_not_guess_faster_by_logging_in_between(
    tmp_path: Path, kafka: Kafka, mongo: Mongo
) -> None:
    with open_shop(tmp_path, kafka, mongo, "users_service", USERS_LOGIN_FAILURES_PER_ADDRESS="3") as shop:
        async with httpx.AsyncClient(base_url=shop.users, timeout=20) as http:
            guesser = Guesser(http)
            own = await guesser.registers()
            assert (await guesser.tries("name-1")).status_code == 401
            assert [(await guesser.tries(own, word)).status_code for word in ("wrong", "secret")] == [
                401,
                200,
            ]
            assert (await guesser.tries("name-2")).status_code == 401
            assert (await guesser.tries("name-3")).status_code == 429


async def test_an_old_hash_is_made_anew_at_the_next_login(tmp_path: Path, kafka: Kafka, mongo: Mongo) -> None:
    with open_shop(tmp_path, kafka, mongo, "users_service", USERS_BCRYPT_COST="4") as shop:
        async with httpx.AsyncClient(base_url=shop.users, timeout=20) as http:
            name = await Guesser(http).registers()
        dearer = shop.spawn("users_service", "dearer", USERS_BCRYPT_COST="6")
        await asyncio.to_thread(dearer.wait_ready)
        async with httpx.AsyncClient(base_url=dearer.url, timeout=20) as http:
            for _ in range(2):
                assert (await Guesser(http).tries(name, "secret")).status_code == 200
                assert await stored_cost(shop, name) == 6
