"""SIGTERM while people are at work: every service ends with 0 within 15 s, whatever is away at that moment, and what
was accepted has its line when everything is there again."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from dev.kafka import Kafka
from dev.mongo import Mongo
from dev.services import Service
from tests.conftest import _kafka, _mongo
from tests.flows.crowd import (
    crowd,
    every_payment_moved_its_goods,
    exactly_what_was_promised,
    goods_match_payments,
)
from tests.flows.shops import ALL, OpenShop, open_shop

WITHIN = 15.0  # seconds: what a supervisor gives a service before it kills it
FAULTS = {
    "all is well": (None, None, None),
    "Kafka is dead": ("kafka", "kill", "start"),
    "Kafka is frozen": ("kafka", "freeze", "thaw"),
    "the database is dead": ("mongo", "kill", "start"),
    "the database is frozen": ("mongo", "freeze", "thaw"),
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenShop]:
    """With servers of its own, as they are frozen and killed; the tests of this file use it one after the other."""
    folder = tmp_path_factory.mktemp("stopped")
    kafka: Kafka = _kafka(folder / "kafka")
    mongo: Mongo = _mongo(folder / "mongo")
    try:
        kafka.start()
        mongo.start()
        with open_shop(folder, kafka, mongo, *ALL) as shop:
            yield shop
    finally:
        kafka.stop()
        mongo.stop()


def ended(service: Service, began: float) -> tuple[int, float]:
    return service.wait(WITHIN + 5), time.monotonic() - began


@pytest.mark.parametrize("what", FAULTS)
async def test_every_service_ends_with_0_in_time_and_nothing_accepted_is_lost(
    shop: OpenShop, what: str
) -> None:
    server, fault, repair = FAULTS[what]
    before = {record.offset for record in await shop.records("logs")}
    async with crowd(shop) as people:
        await people.after(20)
        if server and fault:
            await asyncio.to_thread(getattr(getattr(shop, server), fault))
        if server == "kafka":
            await people.after(10)  # accepted, and for now in the outbox only
        began = time.monotonic()
        for service in shop.services.values():
            service.terminate()
        results = await asyncio.gather(
            *(asyncio.to_thread(ended, service, began) for service in shop.services.values())
        )
        if server and repair:
            await asyncio.to_thread(getattr(getattr(shop, server), repair))
        for service in shop.services.values():
            service.spawn()
        for service in shop.services.values():
            await asyncio.to_thread(service.wait_ready)
        people.close()
    named = dict(zip(shop.services, results, strict=True))
    assert {name: code for name, (code, _) in named.items()} == dict.fromkeys(named, 0)
    assert max(seconds for _, seconds in results) < WITHIN, named
    await exactly_what_was_promised(shop, people, before=before)
    await goods_match_payments(shop)
    await every_payment_moved_its_goods(shop)
