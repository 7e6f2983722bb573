"""Kafka is away for long: when too many events wait for it people are told to come back, until it is there again."""

import asyncio
from pathlib import Path

import httpx2 as httpx

from dev import ports
from dev.kafka import Kafka
from dev.mongo import Mongo
from tests.event_bus.cluster import until
from tests.flows.shops import OpenShop
from tests.flows.topics import ids_of

BOUND = 5


async def test_beyond_the_bound_people_get_a_503_and_nothing_accepted_is_lost(
    kafka: Kafka, mongo: Mongo, tmp_path: Path, http: httpx.AsyncClient
) -> None:
    shop = OpenShop(tmp_path, kafka, mongo)
    shop.make_topics()
    (nobody,) = ports.free(1)
    away = {"KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{nobody}", "PAYMENTS_OUTBOX_MAX_PENDING": str(BOUND)}
    service = shop.spawn("payments_service", **away)
    try:
        await until(lambda: served(http, shop.payments), 20)
        paid = [(await http.post(f"{shop.payments}/pay")) for _ in range(BOUND)]
        assert [answer.status_code for answer in paid] == [201] * BOUND
        refused = await http.post(f"{shop.payments}/pay")
        assert (refused.status_code, "retry-after" in refused.headers) == (503, True)
        assert refused.headers["content-type"] == "application/problem+json"

        service.stop()  # started again with Kafka: what was accepted leaves, and there is room
        shop.spawn("payments_service", PAYMENTS_OUTBOX_MAX_PENDING=str(BOUND))
        await until(lambda: pays(http, shop.payments), 20)
        expected = {answer.json()["event_ids"][0] for answer in paid}

        async def told() -> bool:
            return expected <= set(ids_of(await shop.records("notifications")))

        await until(told, 20)
    finally:
        await asyncio.to_thread(shop.stop)


async def served(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(f"{url}/healthz")).status_code == 200
    except httpx.TransportError:
        return False


async def pays(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.post(f"{url}/pay")).status_code == 201
    except httpx.TransportError:
        return False
