"""What a service could not handle waits for a person: the cause is put right and it is redriven, or it is dropped."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pymongo
import pytest

from contracts import Envelope, UserRegistered
from dev.kafka import Kafka
from dev.mongo import Mongo
from event_bus.wire import encode
from tests.dev.dlq.calling import Dlq, command, listed, running
from tests.flows.limits import limit
from tests.flows.shops import OpenShop, open_shop
from tests.flows.test_audit import audited, wrong
from tests.flows.test_stock import settled
from tests.flows.topics import lines_of, publish, until_records
from tests.flows.watching import events, watching

LINES = ("notifications_service", "logs_service")


@pytest.fixture
def own_shop(tmp_path: Path, kafka: Kafka, mongo: Mongo) -> Iterator[OpenShop]:
    """Without inventories_service: it comes when the story wants it."""
    with open_shop(tmp_path, kafka, mongo, "payments_service", *LINES) as shop:
        yield shop


@pytest.fixture
def dlq(own_shop: OpenShop, tmp_path: Path) -> Dlq:
    running(tmp_path / "state", own_shop.kafka.bootstrap_servers)
    return command(tmp_path / "state", own_shop.prefix)


async def letter(shop: OpenShop, dlq: Dlq, service: str) -> dict[str, Any]:
    """The open letter of a service, as soon as there is one."""
    await until_records(lambda: shop.records(f"{service}.dlq"), bool)
    (found,) = listed(await asyncio.to_thread(dlq, "list", service, "--json"))
    return found


def payments(shop: OpenShop, mongo: Any) -> Any:
    return mongo[shop.environment["PAYMENTS_DATABASE"]]["payments"]


async def lost(shop: OpenShop, payment_id: str) -> dict[str, Any]:
    """The payment goes from the database, as if that came from a backup of yesterday. Gives what it was."""

    def lose() -> dict[str, Any] | None:
        with pymongo.MongoClient[dict[str, Any]](shop.mongo.uri) as mongo:
            told = {"_id": payment_id, "pending_since": {"$exists": False}}  # its events have left
            found: dict[str, Any] | None = payments(shop, mongo).find_one_and_delete(told)
            return found

    async with asyncio.timeout(20):
        while (payment := await asyncio.to_thread(lose)) is None:
            await asyncio.sleep(0.05)
    return payment


async def restored(shop: OpenShop, payment: dict[str, Any]) -> None:
    def restore() -> None:
        with pymongo.MongoClient[dict[str, Any]](shop.mongo.uri) as mongo:
            payments(shop, mongo).insert_one(payment)

    await asyncio.to_thread(restore)


async def test_a_refusal_that_came_before_its_payment_was_restored_is_redriven_and_refunds_it_once(
    own_shop: OpenShop, dlq: Dlq, http: httpx.AsyncClient
) -> None:
    async with watching(own_shop.websocket) as watcher:
        paid = await http.post(f"{own_shop.payments}/pay", data={"product": "poster"})
        payment_id, story = paid.json()["payment_id"], paid.headers["X-Request-ID"]
        assert events(await watcher.of(story, 1)) == ["payments.accepted"]
        payment = await lost(own_shop, payment_id)
        own_shop.spawn("inventories_service")  # there are no posters, and no such payment any more
        dead = await letter(own_shop, dlq, "payments_service")
        assert dead["reason"] == "there is no such payment"

        await restored(own_shop, payment)
        assert (await http.get(f"{own_shop.payments}/payments/{payment_id}")).json()["status"] == "accepted"
        for _ in range(2):  # the second time it is refused, and does nothing
            done = await asyncio.to_thread(dlq, "redrive", dead["address"], "--yes")
        refunded = await settled(http, f"{own_shop.payments}/payments/{payment_id}", "refunded")
        lines = await watcher.of(story, 2)
    assert (done.returncode, "redriven already" in done.stderr) == (1, True)
    assert refunded["states"] == ["accepted", "refunded"]
    assert events(lines) == ["payments.accepted", "payments.refunded"]
    assert listed(await asyncio.to_thread(dlq, "list", "--json")) == []
    assert wrong(await audited(own_shop)) == {}  # the refusal is on its topic twice, and counts once


async def test_a_line_that_its_topic_did_not_take_is_redriven_when_it_does_and_shows_once(
    own_shop: OpenShop, dlq: Dlq
) -> None:
    """The limit of `logs` was too low for it, and was raised."""
    servers, logs = own_shop.kafka.bootstrap_servers, f"{own_shop.prefix}logs"
    event = Envelope.born(
        UserRegistered(message="x" * 20_000, user="alice"), "users_service", correlation_id="a-long-story"
    )
    record = encode(event)
    await limit(servers, logs, 8_000)
    async with watching(own_shop.websocket) as watcher:
        headers = [(name, part) for name, part in record.headers if part is not None]
        await publish(servers, f"{own_shop.prefix}notifications", record.key, record.value, headers)
        dead = await letter(own_shop, dlq, "notifications_service")
        assert await own_shop.records("logs") == []

        await limit(servers, logs, 1_000_000)
        assert (await asyncio.to_thread(dlq, "redrive", "--all", "--yes")).returncode == 0
        assert (await asyncio.to_thread(dlq, "redrive", "--all", "--yes")).returncode == 0  # nothing is left
        (line,) = await watcher.of("a-long-story", 1)
    assert (line["event_id"], line["message"]) == (str(event.id), "x" * 20_000)
    assert dead["key"] == "alice"
    assert len(await own_shop.records("logs")) == 1
    assert listed(await asyncio.to_thread(dlq, "list", "--json")) == []


async def test_what_is_dropped_leaves_nothing_to_do_and_no_line(own_shop: OpenShop, dlq: Dlq) -> None:
    servers, topic = own_shop.kafka.bootstrap_servers, f"{own_shop.prefix}notifications"
    await publish(servers, topic, b"alice", b"\xff not json")
    dead = await letter(own_shop, dlq, "notifications_service")
    done = await asyncio.to_thread(dlq, "drop", dead["address"], "--yes")
    assert (done.returncode, f"dropped {dead['address']}" in done.stdout) == (0, True)
    assert listed(await asyncio.to_thread(dlq, "list", "--json")) == []
    (dropped,) = listed(await asyncio.to_thread(dlq, "list", "--all", "--json"))
    assert dropped["resolution"]["how"] == "dropped"
    assert len(await own_shop.records("notifications")) == 1
    assert lines_of(await own_shop.records("logs")) == []
    await asyncio.to_thread(own_shop.spawn("inventories_service").wait_ready)
    assert wrong(await audited(own_shop)) == {}
