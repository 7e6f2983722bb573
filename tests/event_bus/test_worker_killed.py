"""Wherever an instance of a worker dies, freezes, joins or leaves: each output once, in the order of its key."""

import asyncio
import itertools
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from uuid import UUID, uuid5

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord

from contracts import LogLine, Notification
from dev.child import Child
from event_bus import Broker, On, Worker
from event_bus.crash_points import WORKER_POINTS
from event_bus.wire import encode
from tests.event_bus import process
from tests.event_bus.cluster import Cluster, ids, until
from tests.event_bus.story import accepted, reordered

KEYS = [f"key-{number}" for number in range(40)]


class Load:
    """Inputs that go on and on, and what has to follow from them."""

    def __init__(self, cluster: Cluster, producer: AIOKafkaProducer) -> None:
        self._cluster, self._producer = cluster, producer
        self._places = itertools.count()
        self._turn = asyncio.Lock()  # or two who add at once would change the order of the inputs themselves
        self.expected: list[UUID] = []

    async def add(self, count: int) -> None:
        async with self._turn:
            events = [accepted(random.choice(KEYS), next(self._places)) for _ in range(count)]
            await self._cluster.send(self._producer, [encode(event) for event in events])
        self.expected += [uuid5(event.id, LogLine.type) for event in events]

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._go_on())
        try:
            yield
        finally:
            self._done = True
            await task

    async def _go_on(self) -> None:
        self._done = False
        while not self._done:
            await self.add(40)
            await asyncio.sleep(0.05)  # some hundred a second are enough

    async def audited(self, within: float = 90.0) -> None:
        """Every output is there once, none that nobody caused, in order."""
        found: list[ConsumerRecord] = []

        async def complete() -> bool:
            found[:] = await self._cluster.read("logs")
            return len(found) >= len(self.expected)

        await until(complete, within)
        counted = Counter(ids(found))
        assert {name for name, count in counted.items() if count > 1} == set()
        assert set(counted) == {str(event_id) for event_id in self.expected}
        assert reordered(found) == []
        assert await self._cluster.read("tracer.dlq") == []


@pytest.fixture
async def load(cluster: Cluster) -> AsyncIterator[Load]:
    await cluster.create("notifications", 4)
    await cluster.create("logs", 1)
    await cluster.create("tracer.dlq", 1)
    async with cluster.producer() as producer:
        yield Load(cluster, producer)


@pytest.fixture
def plan(broker: Broker) -> process.Plan:
    return process.Plan("worker", broker.bootstrap_servers, broker.prefix)


async def test_workers_killed_at_every_step_and_at_any_moment(
    load: Load, plan: process.Plan, tmp_path: Path
) -> None:
    """Two instances; one of them is replaced each time that it was killed."""
    steady, victims = process.start(plan, tmp_path), list[Child]()
    try:
        async with load.going_on():
            for point in [*(point.name for point in WORKER_POINTS), "", ""]:
                victim = process.start(replace(plan, point=point, nth=random.randint(1, 3)), tmp_path)
                victims.append(victim)
                if not point:
                    await asyncio.sleep(random.uniform(0.5, 2.0))  # any moment, on purpose
                    victim.kill()
                await until(partial(process.is_over, victim))
        await load.audited()
    finally:
        codes = [child.stop() for child in [steady, *victims]]
    assert codes == [0] + [-9] * len(victims)


@pytest.mark.parametrize("heir_alone", [False, True], ids=["by-one-of-a-group", "by-one-alone"])
@pytest.mark.parametrize("zombie_alone", [False, True], ids=["one-of-a-group", "one-alone"])
async def test_a_worker_frozen_before_its_commit_is_fenced_when_it_wakes(
    load: Load, plan: process.Plan, tmp_path: Path, zombie_alone: bool, heir_alone: bool
) -> None:
    """A worker that was stopped right behind its sends would show nothing: it must be about to commit."""
    processes: list[Child] = []
    try:
        async with load.going_on():
            frozen = replace(plan, point="OFFSETS_SENT", nth=3, freeze=True, alone=zombie_alone)
            zombie = process.start(frozen, tmp_path)
            processes.append(zombie)
            await until(lambda: process.is_frozen(zombie))
            processes.append(process.start(replace(plan, alone=heir_alone), tmp_path))
            await load.add(100)
        await load.audited()  # the other one has taken over and done everything
        zombie.thaw()
        await load.add(200)
        await load.audited()
    finally:
        codes = [child.stop() for child in processes]
    # One of each kind is a mistake of whoever starts them: they fence each other until one gives up. Who is about to
    # end for that may die of the signal that tells him to.
    assert set(codes) <= ({0} if zombie_alone == heir_alone else {0, 75, -signal.SIGTERM})


async def test_a_storm_of_joins_and_leaves(load: Load, broker: Broker) -> None:
    stops: list[tuple[int, str]] = []

    def instance() -> Worker:
        consumes = [On(Notification, process.trace, publishes=[LogLine])]
        return Worker(broker, "tracer", consumes, lambda code, reason: stops.append((code, reason)))

    async def come_and_go(until_time: float) -> None:
        while asyncio.get_running_loop().time() < until_time:
            async with instance():
                await asyncio.sleep(random.uniform(0.2, 3.0))  # the storm itself

    end = asyncio.get_running_loop().time() + 12
    async with instance(), load.going_on():
        await asyncio.gather(*(come_and_go(end) for _ in range(3)))
    async with instance():
        await load.audited()
    assert stops == []
