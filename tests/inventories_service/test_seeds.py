"""What the shop begins with: once, whoever starts how often, and nothing that is there is changed."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2 as httpx
import pytest

from dev.kafka import Kafka
from dev.mongo import Mongo
from dev.services import Service
from tests.flows.shops import OpenShop, open_shop
from tests.flows.topics import lines_of
from tests.inventories_service.warehouse import book, ledger, look, sell, told, until_refunded

CATALOGUE = "coffee=50,poster=0"
Open = Callable[..., OpenShop]


@pytest.fixture
def shop(tmp_path: Path, kafka: Kafka, mongo: Mongo) -> Iterator[OpenShop]:
    """Empty: nothing of it runs yet."""
    with open_shop(tmp_path, kafka, mongo, INVENTORIES_CATALOGUE=CATALOGUE) as shop:
        yield shop


async def started(shop: OpenShop, *labels: str, **settings: str) -> list[Service]:
    services = [shop.spawn("inventories_service", label, **settings) for label in labels]
    for service in services:
        await asyncio.to_thread(service.wait_ready)
    return services


async def test_a_restart_seeds_nothing_again(shop: OpenShop, http: httpx.AsyncClient) -> None:
    (first,) = await started(shop, "first")
    await book(http, first.url, "coffee", -8)
    before = [await ledger(http, first.url, product) for product in ("coffee", "poster")]
    assert [[m["quantity"] for m in movements] for movements in before] == [[50, -8], [0]]
    await asyncio.to_thread(first.stop)
    (second,) = await started(shop, "second")
    assert (await look(http, second.url, "coffee"))["level"] == 42
    assert [await ledger(http, second.url, product) for product in ("coffee", "poster")] == before
    await book(http, second.url, "coffee", 1)  # what was told again would be there before it
    events = lines_of(await told(shop, "stock", "coffee", 3))
    assert [(event["number"], event["level"]) for event in events] == [(1, 50), (2, 42), (3, 43)]


async def test_two_that_start_together_seed_once(shop: OpenShop, http: httpx.AsyncClient) -> None:
    services = await started(shop, "one", "two")
    looks = await asyncio.gather(*(look(http, s.url, "coffee") for s in services for _ in range(10)))
    assert {seen["level"] for seen in looks} == {50}
    for service in services:
        assert [m["quantity"] for m in await ledger(http, service.url, "coffee")] == [50]
    await book(http, services[1].url, "coffee", 1)
    events = lines_of(await told(shop, "stock", "coffee", 2))
    assert [event["number"] for event in events] == [1, 2]


async def test_a_product_that_is_there_stays_as_it_is(shop: OpenShop, http: httpx.AsyncClient) -> None:
    (first,) = await started(shop, "first", INVENTORIES_CATALOGUE="mug=1")
    await book(http, first.url, "coffee", 2)
    await book(http, first.url, "coffee", -2)
    (second,) = await started(shop, "second", INVENTORIES_CATALOGUE="coffee=50,mug=99,tea=7")
    listed = (await http.get(f"{second.url}/stock")).json()["products"]
    assert listed == [
        {"product": "coffee", "level": 0},
        {"product": "mug", "level": 1},
        {"product": "tea", "level": 7},
    ]


async def test_a_product_that_was_only_asked_for_is_still_seeded(
    shop: OpenShop, http: httpx.AsyncClient
) -> None:
    await started(shop, "inventories_service")
    payments = shop.spawn("payments_service")
    await asyncio.to_thread(payments.wait_ready)
    await until_refunded(http, shop, await sell(http, shop, "tea"))
    (later,) = await started(shop, "later", INVENTORIES_CATALOGUE="tea=7")
    assert (await look(http, later.url, "tea")).get("level") == 7
