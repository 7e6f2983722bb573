"""A new key comes into use while people log in and pay: no token is refused, and the old key goes when it is done."""

import asyncio
import itertools
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2 as httpx
import pytest
from pymongo import MongoClient

from dev.kafka import Kafka
from dev.mongo import Mongo
from tests import forked
from tests.flows.shops import OpenShop, open_shop
from tests.flows.topics import types_of
from tests.users_service.test_signing_keys import key_of, published, until

ALICE = {"username": "alice", "password": "secret"}
WAIT = 2.0  # seconds; people wait longer, so that a checker without a broker has time to find one
REPLICAS = ("first", "second")
PEOPLE, PAUSE = 4, 0.05  # some tens of requests a second: each moment of a change is met, and nobody starves


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, kafka: Kafka, mongo: Mongo) -> Iterator[OpenShop]:
    """Two replicas of users_service, and one that checks what they sign."""
    with open_shop(
        tmp_path_factory.mktemp("shop"), kafka, mongo, USERS_KEY_READABLE_SECONDS=str(WAIT)
    ) as shop:
        for label in REPLICAS:
            shop.spawn("users_service", label)
        shop.spawn("payments_service")
        for service in shop.services.values():
            service.wait_ready()
        yield shop


def command(shop: OpenShop, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """As `./shop keys` does it."""
    environment = {"PATH": "/usr/bin:/bin", **shop.environment, **settings}
    return forked.run(["users_service", *arguments], environment, timeout=30)


def states(shop: OpenShop) -> list[str]:
    """`signing`, `readable`, … by the number of the key."""
    listed = command(shop, "keys", "list")
    assert listed.returncode == 0, listed.stderr
    return [line.split()[2].rstrip(",") for line in listed.stdout.splitlines()]


class People:
    """They log in at one replica or the other, pay at once with what they got, and again with their first token."""

    def __init__(self, shop: OpenShop, http: httpx.AsyncClient) -> None:
        self.shop, self.http = shop, http
        self.first: str | None = None
        self.seen: dict[str, list[str]] = {label: [] for label in REPLICAS}  # key ids, in the order of logins
        self.signed: dict[str, float] = {}  # by key id: when the first token of it was there
        self.answers: list[int] = []

    async def log_in(self, label: str) -> str | None:
        answer = await self._post(f"{self.shop.url(label)}/login", data=ALICE)
        if answer.status_code != 200:
            return None
        token = str(answer.json()["access_token"])
        self.first = self.first or token
        self.seen[label].append(key_of(token))
        self.signed.setdefault(key_of(token), time.time())
        return token

    async def pay(self, token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return (await self._post(f"{self.shop.payments}/pay", headers=headers)).status_code

    async def go_on(self, number: int) -> None:
        for turn in itertools.count(number):
            if token := await self.log_in(REPLICAS[turn % 2]):
                await self.pay(token)
                await self.pay(self.first or token)
            await asyncio.sleep(PAUSE)

    async def _post(self, url: str, **how: object) -> httpx.Response:
        answer = await self.http.post(url, **how)  # type: ignore[arg-type]
        self.answers.append(answer.status_code)
        return answer

    def newest(self) -> set[str]:
        return {seen[-1] for seen in self.seen.values() if seen}


@asynccontextmanager
async def busy(shop: OpenShop, http: httpx.AsyncClient) -> AsyncIterator[People]:
    people = People(shop, http)
    assert (await http.post(f"{shop.url('first')}/register", data=ALICE)).status_code in (201, 409)
    tasks = [asyncio.create_task(people.go_on(number)) for number in range(PEOPLE)]
    try:
        await until(lambda: asyncio.sleep(0, all(people.seen.values())))
        yield people
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def rotate(shop: OpenShop, people: People) -> None:
    """Asked for twice at once, which is one rotation. Returns when both replicas sign with the new key."""
    before = people.newest()
    both = [asyncio.to_thread(command, shop, "keys", "rotate") for _ in range(2)]
    done, again = sorted(await asyncio.gather(*both), key=lambda ended: ended.returncode)
    assert (done.returncode, again.returncode) == (0, 1), done.stderr + again.stdout
    assert "on its way" in again.stderr

    async def another() -> bool:
        await asyncio.sleep(0.05)
        return len(people.newest()) == 1 and not people.newest() & before

    await until(another, 20)


async def test_two_rotations_under_load_refuse_no_token(shop: OpenShop, http: httpx.AsyncClient) -> None:
    async with busy(shop, http) as people:
        await rotate(shop, people)
        await rotate(shop, people)
        await people.pay(people.first or "")
    assert set(people.answers) <= {200, 201}, people.answers
    assert len(people.answers) > 100
    for seen in people.seen.values():
        assert len(list(itertools.groupby(seen))) == 3  # a replica that has gone on never goes back
    for number, document in documents(shop).items():
        assert number == 1 or people.signed[document["kid"]] >= document["readable_at"] + WAIT
    written = {record.key.decode(): record.timestamp / 1000 for record in await shop.records("identity_keys")}
    assert set(written) == set(people.signed)
    assert all(written[one["kid"]] <= one["readable_at"] for one in documents(shop).values())
    assert states(shop) == ["expiring", "expiring", "signing"]


async def test_a_key_whose_tokens_have_expired_is_retired_once_and_forgotten_by_all(
    shop: OpenShop, http: httpx.AsyncClient
) -> None:
    async with busy(shop, http) as people:
        await rotate(shop, people)
        assert people.first is not None
        old, last = key_of(people.first), max(documents(shop))
        assert await people.pay(people.first) == 201
        for url in (shop.url(label) for label in REPLICAS):
            assert old in await published(http, url)
    long_ago = time.time() - 3600 - 120  # a token lives for an hour
    change(shop, last, readable_at=long_ago)

    async def forgotten() -> bool:
        jwks = [await published(http, shop.url(label)) for label in REPLICAS]
        return not any(old in kids for kids in jwks) and await people.pay(people.first or "") == 401

    await until(forgotten, 20)
    about = [record for record in await shop.records("identity_keys") if record.key.decode() == old]
    assert types_of(about) == ["identity.key_published.v1", "identity.key_retired.v1"]
    assert set(states(shop)) == {"retired", "signing"}
    assert await people.pay(await people.log_in("first") or "") == 201


async def test_a_key_is_kept_for_its_longest_token_also_when_tokens_became_shorter(shop: OpenShop) -> None:
    (signing,) = [number for number, state in enumerate(states(shop), 1) if state == "signing"]
    assert documents(shop)[signing]["lifetime"] == 3600
    replica = shop.spawn("users_service", "short tokens", USERS_TOKEN_LIFETIME="60")
    await asyncio.to_thread(replica.wait_ready)
    assert documents(shop)[signing]["lifetime"] == 3600
    replica = shop.spawn("users_service", "long tokens", USERS_TOKEN_LIFETIME="7200")
    await asyncio.to_thread(replica.wait_ready)
    assert documents(shop)[signing]["lifetime"] == 7200


async def test_a_key_that_was_stolen_ends_at_once_with_all_of_its_tokens(
    shop: OpenShop, http: httpx.AsyncClient
) -> None:
    async with busy(shop, http) as people:
        stolen = people.newest().pop()
        (number,) = [number for number, state in enumerate(states(shop), 1) if state == "signing"]
        assert command(shop, "keys", "withdraw", str(number)).returncode == 0

        async def replaced() -> bool:
            return not people.newest() & {stolen} and await people.pay(people.first or "") == 401

        await until(replaced, 20)
        assert await people.pay(await people.log_in("second") or "") == 201
    assert states(shop)[number - 1] == "withdrawn"
    assert "signing" in states(shop)
    again = command(shop, "keys", "withdraw", str(number))
    assert (again.returncode, f"no key {number} counts" in again.stderr) == (1, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ["keys"],
        ["keys", "steal"],
        ["rotate"],
        ["keys", "rotate", "now"],
        ["keys", "withdraw"],
        ["keys", "withdraw", "x"],
    ],
)
def test_a_command_that_is_none_is_said(shop: OpenShop, arguments: list[str]) -> None:
    done = command(shop, *arguments)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "keys rotate" in done.stderr


def test_a_database_that_does_not_answer_is_said_in_a_line(shop: OpenShop) -> None:
    done = command(shop, "keys", "rotate", MONGO_URI="mongodb://127.0.0.1:1")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)


def test_before_there_is_a_key_there_is_nothing_to_rotate(shop: OpenShop) -> None:
    done = command(shop, "keys", "rotate", USERS_DATABASE=f"{shop.prefix}empty")
    assert (done.returncode, "no key signs yet" in done.stderr) == (1, True)


def documents(shop: OpenShop) -> dict[int, dict[str, Any]]:
    with MongoClient(shop.mongo.uri) as client:
        found = client[shop.environment["USERS_DATABASE"]].signing_keys.find()
        return {document["_id"]: document for document in found}


def change(shop: OpenShop, number: int, **fields: object) -> None:
    with MongoClient(shop.mongo.uri) as client:
        client[shop.environment["USERS_DATABASE"]].signing_keys.update_one({"_id": number}, {"$set": fields})
