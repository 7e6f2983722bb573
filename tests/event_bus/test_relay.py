"""A relay publishes whatever lies there; without the lease it waits quietly; what it can't read it says aloud."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from event_bus import Broker, Database, DatabaseLease, OutboxCollection, Relay
from event_bus.kafka import ProducerPair
from event_bus.records import Committed, Partition
from tests.event_bus.cluster import Cluster, until
from tests.event_bus.story import Audit, accepted, requested

Stops = list[tuple[int, str]]


@pytest.fixture
async def outbox(cluster: Cluster, database: Database) -> OutboxCollection:
    await cluster.create("notifications", 2)
    await cluster.create("inventories", 2)
    return OutboxCollection(database, "stories")


@asynccontextmanager
async def relaying(
    broker: Broker, database: Database, outbox: OutboxCollection, port: int = 1
) -> AsyncIterator[tuple[Relay, Stops]]:
    stops: Stops = []
    lease = DatabaseLease(database, port)
    async with Relay(
        broker, "storyteller", [outbox], lease, lambda code, why: stops.append((code, why))
    ) as relay:
        yield relay, stops
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def read(cluster: Cluster, count: int) -> list[object]:
    found: list[object] = []

    async def complete() -> bool:
        found[:] = [*await cluster.read("notifications"), *await cluster.read("inventories")]
        return len(found) >= count

    await until(complete, 20)
    return found


async def test_documents_of_any_length_are_published_in_order(
    cluster: Cluster, broker: Broker, database: Database, outbox: OutboxCollection
) -> None:
    """Also one with more events than a ledger can name, which takes several transactions."""
    audit = Audit()
    for key, length in (("long", 500), ("short", 1), ("exact", 180), ("none", 0), ("two", 2)):
        events = [(accepted if number % 3 else requested)(key, number) for number in range(length)]
        await outbox.insert({"_id": key}, events)
        for event in events:
            audit.told([event])
    async with relaying(broker, database, outbox) as (relay, stops):
        found = await read(cluster, 683)
        await until(lambda: relay.not_ready() is None)
    assert audit.faults(found) == {}
    assert stops == []


async def test_a_waiting_replica_that_takes_requests_leaves_the_database_alone(
    broker: Broker, database: Database, outbox: OutboxCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await DatabaseLease(database, 99, seconds=60).acquire()
    asked: list[float] = []
    acquire = DatabaseLease.acquire

    async def counting(self: DatabaseLease) -> bool:
        asked.append(asyncio.get_running_loop().time())
        return await acquire(self)

    monkeypatch.setattr(DatabaseLease, "acquire", counting)
    async with relaying(broker, database, outbox) as (relay, _):
        await outbox.insert({"_id": "a"}, [accepted("a", 0)])
        await until(lambda: len(asked) >= 3)  # it does ask
        count, begun = len(asked), asked[-1]
        await until(lambda: asyncio.get_running_loop().time() > begun + 1.5)
        assert len(asked) - count <= 4
        assert relay.not_ready() is None


async def test_an_event_of_another_replica_is_published_by_the_one_with_the_lease(
    cluster: Cluster, broker: Broker, database: Database, outbox: OutboxCollection
) -> None:
    elsewhere = OutboxCollection(database, "stories")
    async with relaying(broker, database, outbox):
        await elsewhere.insert({"_id": "a"}, [accepted("a", 0)])
        assert len(await read(cluster, 1)) == 1


async def test_a_ledger_that_is_none_stops_the_process_aloud(
    cluster: Cluster, broker: Broker, database: Database, outbox: OutboxCollection
) -> None:
    """To go on without it would be to repeat; to wait in silence would be to lose."""
    place = Partition(broker.named("notifications"), 0)
    async with ProducerPair(broker, "somebody else") as pair:
        await pair.transact([], "storyteller-outbox-ledger", {place: Committed(7, "not a ledger\x00")})
    async with relaying(broker, database, outbox) as (_, stops):
        await until(lambda: stops)
    assert stops[0][0] != 0
