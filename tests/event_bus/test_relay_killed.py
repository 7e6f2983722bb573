"""Wherever a relay dies or freezes, each event is on its topic exactly once, in order, whole documents at a time."""

import asyncio
import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from contracts import Envelope, Event
from dev.child import Child
from dev.mongo import Mongo
from event_bus import Broker, Database, OutboxCollection
from event_bus.crash_points import RELAY_POINTS
from tests.event_bus import process
from tests.event_bus.cluster import Cluster, until
from tests.event_bus.story import Audit, accepted, requested


class Stories:
    """Documents of 1 to 4 events on two topics, many of which go on later."""

    def __init__(self, database: Database) -> None:
        self.outbox = OutboxCollection(database, "stories")
        self._documents, self._leases = database.collection("stories"), database.collection("leases")
        self.audit = Audit()
        self._places = itertools.count()  # grows over all keys: an order that no two events share

    async def begin(self, key: str) -> None:
        events = self._events(key)
        await self.outbox.insert({"_id": key}, events)
        self.audit.told(events)

    async def go_on(self, key: str) -> None:
        events = self._events(key)
        assert await self.outbox.append(key, {"$inc": {"chapters": 1}}, events)
        self.audit.told(events)

    def _events(self, key: str) -> Sequence[Envelope[Event]]:
        makers = [accepted, requested, accepted, accepted][: random.randint(1, 4)]
        return [make(key, next(self._places)) for make in makers]

    async def tell(self, name: str, count: int) -> None:
        """Eight at a time, so that group commits and rounds of the relay overlap."""
        for first in range(0, count, 8):
            keys = [f"{name}-{number}" for number in range(first, first + 8)]
            await asyncio.gather(*(self.begin(key) for key in keys))
            await asyncio.gather(*(self.go_on(key) for key in keys[::2]))

    async def tell_until(self, condition: Callable[[], bool], within: float = 30.0) -> None:
        """Goes on telling as long as the relay needs rounds to reach its step, never far ahead of it."""
        async with asyncio.timeout(within):
            while not condition():
                if await self.pending() < 200:
                    await self.tell(f"more-{next(self._places)}", 8)
                await asyncio.sleep(0.02)  # between two looks

    async def pending(self) -> int:
        return await self._documents.count_documents({"pending_since": {"$gt": 0}})

    async def expire_lease(self) -> None:
        """As if its time had passed."""
        await self._leases.update_one(
            {"_id": "relay"}, {"$set": {"expires": datetime(2020, 1, 1, tzinfo=UTC)}}
        )

    async def empty(self) -> bool:
        return await self.pending() == 0


@pytest.fixture
async def stories(cluster: Cluster, database: Database) -> Stories:
    await cluster.create("notifications", 6)
    await cluster.create("inventories", 6)
    return Stories(database)


@pytest.fixture
def plan(broker: Broker, mongo: Mongo) -> process.Plan:
    return process.Plan("relay", broker.bootstrap_servers, broker.prefix, mongo.uri)


async def audited(cluster: Cluster, stories: Stories) -> None:
    await until(stories.empty, 40)
    records = await cluster.read("notifications") + await cluster.read("inventories")
    assert stories.audit.faults(records) == {}
    assert all("outbox" not in document for document in await stories.outbox.find_settled())


async def test_a_relay_killed_at_every_step_loses_doubles_and_reorders_nothing(
    cluster: Cluster, stories: Stories, plan: process.Plan, tmp_path: Path
) -> None:
    rounds = [(point.name, nth) for nth in (1, 2, 4) for point in RELAY_POINTS]
    random.shuffle(rounds)
    for point, nth in rounds:
        relay = process.start(replace(plan, point=point, nth=nth), tmp_path)
        await stories.tell_until(partial(process.is_over, relay))
        assert relay.exit_code == -9, f"{point}: {relay.last_lines()}"
    relay = process.start(plan, tmp_path)
    try:
        await audited(cluster, stories)
    finally:
        assert relay.stop() == 0


async def test_frozen_relays_that_wake_after_a_take_over_add_nothing(
    cluster: Cluster, stories: Stories, plan: process.Plan, tmp_path: Path
) -> None:
    zombies: list[Child] = []
    try:
        for number, point in enumerate(RELAY_POINTS):
            frozen = replace(plan, point=point.name, nth=2, freeze=True, port=number)
            relay = process.start(frozen, tmp_path)
            zombies.append(relay)
            await stories.tell_until(partial(process.is_frozen, relay))
            await stories.expire_lease()  # in place of three seconds
        zombies.append(process.start(replace(plan, port=99), tmp_path))
        for number, zombie in enumerate(zombies[:-1]):
            await stories.tell(f"woken-{number}", 40)  # so that each wakes in the middle of a round
            zombie.thaw()
        await stories.tell("after", 40)
        await audited(cluster, stories)
    finally:
        codes = [zombie.stop() for zombie in zombies]
    assert codes == [0] * len(codes)
