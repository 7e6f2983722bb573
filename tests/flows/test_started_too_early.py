"""Everything is started at once and in any order: whoever comes first serves, says what is missing, and goes on."""

import asyncio
from typing import Any

import httpx2 as httpx

from tests.flows.answers import missing, timed, until_missing, until_served
from tests.flows.shops import ALL, OpenShop
from tests.flows.topics import lines_of, until_records

ALICE = {"username": "alice", "password": "secret"}
PIECES = {"quantity": "1", "reason": "delivery"}


async def until_connected(http: httpx.AsyncClient, url: str, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while "KafkaConnectionError" in (await http.get(f"{url}/readyz")).text:
            await asyncio.sleep(0.1)


async def test_services_serve_before_their_servers_are_there_and_recover_by_themselves(
    tmp_path: Any, own_kafka: Any, own_mongo: Any, http: httpx.AsyncClient
) -> None:
    kafka, mongo = await asyncio.to_thread(own_kafka), await asyncio.to_thread(own_mongo)
    for server in (kafka, mongo):
        await asyncio.to_thread(server.stop)
    shop = OpenShop(tmp_path, kafka, mongo)
    try:
        for name in ALL:
            shop.spawn(name)
        for name in ALL:
            await until_served(http, shop.url(name))
        assert await missing(http, shop.users) == {"database", "relay", "signing_key"}
        assert await missing(http, shop.payments) == {"database", "relay", "consumer", "identity"}
        assert await missing(http, shop.inventories) == {"database", "relay", "consumer"}
        assert await missing(http, shop.url("notifications_service")) == {"worker"}
        assert await missing(http, shop.url("logs_service")) == {"kafka"}
        for answer, took in await asyncio.gather(
            timed(http, f"{shop.users}/register", data=ALICE),
            timed(http, f"{shop.users}/login", data=ALICE),
            timed(http, f"{shop.payments}/pay"),
            timed(http, f"{shop.inventories}/stock/mug/movements", data=PIECES),
        ):
            assert (answer.status_code, "retry-after" in answer.headers, took < 5.5) == (503, True, True)

        await asyncio.to_thread(mongo.start)
        await until_missing(http, shop.users, {"relay", "signing_key"})
        await until_missing(http, shop.payments, {"relay", "consumer", "identity"})
        await until_missing(http, shop.inventories, {"relay", "consumer"})
        registered = await http.post(f"{shop.users}/register", data=ALICE)
        paid = await http.post(f"{shop.payments}/pay")
        booked = await http.post(f"{shop.inventories}/stock/mug/movements", data=PIECES)
        assert (registered.status_code, paid.status_code, booked.status_code) == (201, 201, 201)
        no_key_yet = await http.post(f"{shop.users}/login", data=ALICE)
        assert (no_key_yet.status_code, "retry-after" in no_key_yet.headers) == (503, True)
        assert "signing key" in no_key_yet.json()["detail"]

        await asyncio.to_thread(kafka.start)
        for name in ALL:  # everybody finds a broker that has no topics yet
            await until_connected(http, shop.url(name))
            assert await missing(http, shop.url(name)), f"{name} is ready without a topic"
        await asyncio.to_thread(shop.make_topics)
        for name in ALL:
            await until_missing(http, shop.url(name), set(), 30)
        assert (await http.post(f"{shop.users}/login", data=ALICE)).status_code == 200
        lines = lines_of(await until_records(lambda: shop.records("logs"), lambda found: len(found) >= 3, 30))
        assert [line["event"] for line in lines if line["user"] == "alice"] == [
            "users.registered",
            "users.logged_in",
        ]
        assert [line["event_id"] for line in lines if line["user"] == "guest"] == paid.json()["event_ids"][:1]
    finally:
        await asyncio.to_thread(shop.stop)
