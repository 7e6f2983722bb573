"""kill -9 of any one service while people are at work: what was accepted has its line, once, in order."""

import asyncio
import time
from functools import partial
from typing import Any

import httpx2 as httpx
import pytest
from aiokafka.structs import ConsumerRecord

from event_bus.kafka import SESSION_TIMEOUT_MS
from tests.flows.crowd import (
    crowd,
    every_payment_moved_its_goods,
    exactly_what_was_promised,
    goods_match_payments,
)
from tests.flows.shops import ALL, OpenShop, open_shop
from tests.flows.topics import lines_of, until_records
from tests.flows.watching import watching

BEHIND = {"notifications_service", "inventories_service"}  # no client asks them, so none has to ask again


@pytest.fixture
def shop(tmp_path: Any, kafka: Any, mongo: Any) -> Any:
    without_the_hub = [name for name in ALL if name != "logs_service"]
    with open_shop(tmp_path, kafka, mongo, *without_the_hub) as shop:
        yield shop


@pytest.mark.parametrize("name", [name for name in ALL if name != "logs_service"])
async def test_a_killed_service_loses_and_doubles_nothing(shop: OpenShop, name: str) -> None:
    async with crowd(shop) as people:
        await people.after(40)
        await asyncio.to_thread(shop.services[name].kill)
        await asyncio.to_thread(shop.services[name].spawn)
        await asyncio.to_thread(shop.services[name].wait_ready)
        await people.after(40)
    assert people.retries or name in BEHIND
    await exactly_what_was_promised(shop, people)
    await goods_match_payments(shop)
    await every_payment_moved_its_goods(shop)


async def test_who_comes_back_to_a_killed_hub_sees_what_comes_from_then_on(shared: OpenShop) -> None:
    """A plain client has no memory: the hub shows it what is new, without a gap and once."""
    hub = shared.services["logs_service"]
    async with crowd(shared) as people:
        await people.after(20)
        await asyncio.to_thread(hub.kill)
        await asyncio.to_thread(hub.start, 20)
        async with watching(shared.websocket) as watcher:
            await people.after(40)
            people.close()
            seen = await watcher.until(lambda lines: len(lines) >= 40)
    ids = [line["event_id"] for line in seen]
    topic = [line["event_id"] for line in lines_of(await shared.records("logs"))]
    assert ids == topic[-len(ids) :]


@pytest.mark.parametrize("name", ["notifications_service", "inventories_service"])
async def test_one_that_is_alone_goes_on_at_once_after_a_crash(shop: OpenShop, name: str) -> None:
    """A group would wait for the session of the dead member, ten seconds."""
    async with httpx.AsyncClient() as http:
        await pay_and_wait(shop, http)
        await asyncio.to_thread(shop.services[name].kill)
        await asyncio.to_thread(shop.services[name].start)
        begun = time.monotonic()
        await pay_and_wait(shop, http)
    assert time.monotonic() - begun < SESSION_TIMEOUT_MS / 1000 / 2


async def pay_and_wait(shop: OpenShop, http: httpx.AsyncClient) -> None:
    """Until the payment has its line, and its goods are moved."""
    paid = (await http.post(f"{shop.payments}/pay")).json()
    for topic, mark in (("logs", paid["event_ids"][0]), ("stock", paid["payment_id"])):
        await until_records(partial(shop.records, topic), partial(_holds, mark=mark), 20)


def _holds(records: list[ConsumerRecord], mark: str) -> bool:
    return any(mark.encode() in record.value for record in records)
