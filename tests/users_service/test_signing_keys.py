"""The key that tokens are signed with: made once, shared by replicas, kept over restarts, withdrawn for good."""

import asyncio
from pathlib import Path
from typing import Any

import httpx2 as httpx
import jwt
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from pymongo import MongoClient

from dev.kafka import Kafka
from dev.mongo import Mongo
from tests.flows.shops import OpenShop, open_shop
from tests.flows.topics import publish, until_records

ALICE = {"username": "alice", "password": "secret"}


def key_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


async def log_in(http: httpx.AsyncClient, url: str) -> str:
    answer = await http.post(f"{url}/login", data=ALICE)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


async def pay(http: httpx.AsyncClient, shop: OpenShop, token: str) -> int:
    answer = await http.post(f"{shop.payments}/pay", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code


async def published(http: httpx.AsyncClient, url: str) -> set[str]:
    return {key["kid"] for key in (await http.get(f"{url}/.well-known/jwks.json")).json()["keys"]}


async def until(condition: Any, seconds: float = 15) -> Any:
    async with asyncio.timeout(seconds):
        while not (found := await condition()):
            await asyncio.sleep(0.05)
    return found


async def delete(kafka: Kafka, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    await admin.delete_topics([topic])
    await admin.close()


@pytest.fixture
def shop(tmp_path: Path, kafka: Kafka, mongo: Mongo) -> Any:
    with open_shop(tmp_path, kafka, mongo) as shop:
        yield shop


async def test_replicas_that_start_at_the_same_time_share_one_key(
    shop: OpenShop, http: httpx.AsyncClient
) -> None:
    replicas = [shop.spawn("users_service", label) for label in ("first", "second")]
    for replica in replicas:
        await asyncio.to_thread(replica.wait_ready)
    await http.post(f"{replicas[0].url}/register", data=ALICE)
    tokens = [await log_in(http, replica.url) for replica in replicas]
    records = await shop.records("identity_keys")
    assert len(records) == 1
    assert [record.key.decode() for record in records] == [key_of(tokens[0])]
    assert key_of(tokens[0]) == key_of(tokens[1])
    for replica in replicas:
        assert await published(http, replica.url) == {key_of(tokens[0])}


async def test_a_token_outlives_the_process_that_signed_it(shop: OpenShop, http: httpx.AsyncClient) -> None:
    users, payments = shop.spawn("users_service"), shop.spawn("payments_service")
    for service in (users, payments):
        await asyncio.to_thread(service.wait_ready)
    await http.post(f"{shop.users}/register", data=ALICE)
    token = await log_in(http, shop.users)
    await asyncio.to_thread(users.kill)
    await asyncio.to_thread(users.start)
    assert await pay(http, shop, token) == 201
    assert key_of(await log_in(http, shop.users)) == key_of(token)
    assert len(await shop.records("identity_keys")) == 1


async def test_a_key_that_the_topic_has_lost_is_published_again(
    shop: OpenShop, http: httpx.AsyncClient
) -> None:
    users = shop.spawn("users_service")
    await asyncio.to_thread(users.wait_ready)
    await http.post(f"{shop.users}/register", data=ALICE)
    token = await log_in(http, shop.users)
    await asyncio.to_thread(users.stop)
    await delete(shop.kafka, f"{shop.prefix}identity_keys")
    await until(lambda: asyncio.to_thread(made_again, shop))
    await asyncio.to_thread(users.start)
    (record,) = await until_records(lambda: shop.records("identity_keys"), bool)
    assert record.key.decode() == key_of(token)
    payments = shop.spawn("payments_service")  # which has never seen the first publication
    await asyncio.to_thread(payments.wait_ready)
    assert await pay(http, shop, token) == 201


def made_again(shop: OpenShop) -> bool:
    """A topic that is being deleted can't be made yet."""
    try:
        shop.make_topics()
    except AssertionError:
        return False
    return True


async def test_a_withdrawn_key_never_counts_again(shop: OpenShop, http: httpx.AsyncClient) -> None:
    users, payments = shop.spawn("users_service"), shop.spawn("payments_service")
    for service in (users, payments):
        await asyncio.to_thread(service.wait_ready)
    await http.post(f"{shop.users}/register", data=ALICE)
    old = await log_in(http, shop.users)
    assert await pay(http, shop, old) == 201
    await publish(shop.kafka.bootstrap_servers, f"{shop.prefix}identity_keys", key_of(old).encode(), None)

    async def another() -> str | None:
        answer = await http.post(f"{shop.users}/login", data=ALICE)
        token = answer.json().get("access_token")
        return token if token and key_of(token) != key_of(old) else None

    async def refused() -> bool:
        return await pay(http, shop, old) == 401

    new = await until(another)
    await until(refused)  # payments_service follows the topic by itself
    assert await pay(http, shop, new) == 201
    assert await published(http, shop.users) == {key_of(new)}
    for service in (users, payments):
        await asyncio.to_thread(service.restart)
    assert key_of(await log_in(http, shop.users)) == key_of(new)
    assert (await pay(http, shop, old), await pay(http, shop, new)) == (401, 201)
    assert len([record for record in await shop.records("identity_keys") if record.value]) == 2


async def test_the_private_half_is_in_the_database_and_nowhere_else(
    shop: OpenShop, http: httpx.AsyncClient
) -> None:
    users = shop.spawn("users_service")
    await asyncio.to_thread(users.wait_ready)
    with MongoClient(shop.mongo.uri) as client:
        key = client[shop.environment["USERS_DATABASE"]].signing_keys.find_one()
    assert key is not None
    secret = key["pem"].splitlines()[1]
    told = await http.get(f"{shop.users}/.well-known/jwks.json")
    (record,) = await shop.records("identity_keys")
    assert secret not in told.text + record.value.decode() + users.log.read_text()
    assert "PRIVATE" not in told.text + record.value.decode() + users.log.read_text()
