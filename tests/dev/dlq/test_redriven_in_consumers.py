"""A redriven record in each kind of consumer: a letter does not count as handled, and what is handled is it once."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import uuid5

import pytest
from aiokafka import ConsumerRecord

from contracts import Envelope, LogLine, Notification, StockMoved, StockRequested
from dev.dlq.letters import letter_of
from dev.dlq.redrive import resolve
from dev.dlq.selection import Selection
from dev.mongo import Mongo
from event_bus import (
    Apply,
    Broker,
    Change,
    Database,
    DatabaseLease,
    DeadLetters,
    On,
    Refusal,
    Relay,
    State,
    StateCollection,
    StatefulConsumer,
    Worker,
)
from event_bus.wire import encode
from tests.event_bus.cluster import Cluster, ids, until
from tests.event_bus.inputs import asked
from tests.event_bus.story import accepted

WORKER, STATEFUL = "notifications_service", "inventories_service"


class Version:
    """A version of a service: the old one can't handle what the new one can."""

    def __init__(self, most: int) -> None:
        self.most = most

    async def trace(self, event: Envelope[Notification]) -> LogLine:
        if int(event.data.message) > self.most:
            raise ValueError("more than I can count")
        return LogLine.about(event)

    def sell(self, event: Envelope[StockRequested], state: State | None) -> Change:
        pieces, sold = event.data.quantity, (state or {}).get("sold", [])
        if pieces > self.most:
            raise Refusal("more than I can count")
        moved = StockMoved(product="cup", level=0, quantity=pieces, number=len(sold) + 1, reason="sold")
        return Change({"sold": [*sold, pieces]}, [moved])


OLD, NEW = Version(10), Version(1_000)


def stop(code: int, reason: str) -> None:
    raise AssertionError(f"it stopped with {code}: {reason}")


@pytest.fixture
async def database(mongo: Mongo, prefix: str) -> AsyncIterator[Database]:
    async with Database(mongo.uri, f"{prefix}documents") as database:
        yield database


@asynccontextmanager
async def working(broker: Broker, version: Version) -> AsyncIterator[None]:
    consumes = [On(Notification, version.trace, publishes=[LogLine])]
    async with Worker(broker, WORKER, consumes, stop):
        yield


@asynccontextmanager
async def selling(broker: Broker, database: Database, version: Version) -> AsyncIterator[StateCollection]:
    row = Apply(StockRequested, to=lambda request: request.product, by=version.sell, publishes=[StockMoved])
    states, letters = StateCollection(database, "products"), DeadLetters(database)
    async with (
        Relay(broker, STATEFUL, [states, letters.outbox], DatabaseLease(database, 1), stop),
        StatefulConsumer(broker, STATEFUL, [row], states, letters, stop),
    ):
        yield states


async def letters_of(cluster: Cluster, service: str, count: int) -> Sequence[ConsumerRecord]:
    return await found(cluster, f"{service}.dlq", count)


async def found(cluster: Cluster, topic: str, count: int) -> list[ConsumerRecord]:
    """Letters, or records of another topic, when there are so many."""
    there: list[ConsumerRecord] = []

    async def complete() -> bool:
        read = await cluster.read(topic)
        there[:] = [record for record in read if letter_of(record)] if topic.endswith(".dlq") else read
        return len(there) >= count

    await until(complete)
    return there


async def redriven(broker: Broker, service: str) -> int:
    chosen = await resolve(broker, Selection([service]), "redriven", lambda letter: None)
    return len(chosen.letters)


async def test_a_worker_handles_once_what_an_older_version_could_not(
    cluster: Cluster, broker: Broker
) -> None:
    await cluster.create("logs")
    events = [accepted("key", number) for number in (1, 20, 2, 30)]
    await cluster.publish(map(encode, events))
    async with working(broker, OLD):
        await letters_of(cluster, WORKER, 2)
        assert await redriven(broker, WORKER) == 2
        assert (
            len(await letters_of(cluster, WORKER, 4)) == 4
        )  # nothing has changed: refused again, told again
    async with working(broker, NEW):
        assert await redriven(broker, WORKER) == 2
        lines = await found(cluster, "logs", 4)
        assert await redriven(broker, WORKER) == 0
    once_each = [str(uuid5(events[at].id, LogLine.type)) for at in (0, 2, 1, 3)]
    assert ids(lines) == once_each
    assert len(await letters_of(cluster, WORKER, 4)) == 4


async def test_a_stateful_consumer_applies_once_what_its_rule_refused(
    cluster: Cluster, broker: Broker, database: Database
) -> None:
    """Later records of the same partition were applied to the same document, and then read once more."""
    await cluster.create("inventories")
    await cluster.create("stock")
    events = [asked(pieces) for pieces in (3, 20, 5)]
    await cluster.publish(map(encode, events))
    async with selling(broker, database, OLD) as states:
        await letters_of(cluster, STATEFUL, 1)
        await found(cluster, "stock", 2)
        assert (await states.get("cup") or {})["sold"] == [3, 5]
        assert await redriven(broker, STATEFUL) == 1
        await letters_of(cluster, STATEFUL, 2)  # refused again
    async with selling(broker, database, NEW) as states:
        assert await redriven(broker, STATEFUL) == 1
        moved = await found(cluster, "stock", 3)
        await cluster.publish(map(encode, events))  # all of it once more: now all of it is known
        marker = asked(7)
        await cluster.publish([encode(marker)])
        moved = await found(cluster, "stock", 4)
        assert (await states.get("cup") or {})["sold"] == [3, 5, 20, 7]
    assert ids(moved) == [
        str(uuid5(e.id, StockMoved.type)) for e in (events[0], events[2], events[1], marker)
    ]
    assert await redriven(broker, STATEFUL) == 0
    assert len(await letters_of(cluster, STATEFUL, 2)) == 2
