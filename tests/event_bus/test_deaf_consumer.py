"""A consumer that hears nothing while others do: it is rebuilt, and if that does not help the process ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from contracts import LogLine, Notification
from event_bus import Broker, On, Worker, membership
from event_bus.background import FAILED
from event_bus.kafka import Consumer
from tests.event_bus.cluster import Cluster, until
from tests.event_bus.process import trace
from tests.event_bus.story import accepted
from tests.event_bus.test_dead_letters import raw

CONSUMES = [On(Notification, trace, publishes=[LogLine])]
Stops = list[tuple[int, str]]


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> set[Consumer]:
    """Whoever is in it gets nothing from the broker. A consumer counts as silent after a second, and not after 30."""
    ears: set[Consumer] = set()
    batch = Consumer.batch

    async def perhaps(self: Consumer, partitions: Any, limit: int, wait: float) -> Any:
        if self not in ears:
            return await batch(self, partitions, limit, wait)
        await asyncio.sleep(wait)
        return []

    monkeypatch.setattr(Consumer, "batch", perhaps)
    monkeypatch.setattr(membership, "SILENCE_SECONDS", 1.0)
    monkeypatch.setattr(membership, "WATCH_SECONDS", 0.1)
    return ears


@asynccontextmanager
async def working(
    cluster: Cluster, deaf: set[Consumer], count: int, monkeypatch: Any
) -> AsyncIterator[Stops]:
    """A worker, the first `count` of whose consumers are deaf, and a record for it."""
    for topic in ("notifications", "logs", "tracer.dlq"):
        await cluster.create(topic)
    start, stops = Consumer.start, Stops()

    async def noted(self: Consumer) -> None:
        if len(deaf) < count:
            deaf.add(self)
        await start(self)

    monkeypatch.setattr(Consumer, "start", noted)
    await cluster.write("notifications", [raw(accepted("key", 0))])
    stop = lambda code, why: stops.append((code, why))  # noqa: E731
    async with Worker(cluster.broker, "tracer", CONSUMES, stop, alone=True):
        yield stops


async def test_a_consumer_that_hears_nothing_is_built_anew_and_its_record_is_handled(
    cluster: Cluster, broker: Broker, deaf: set[Consumer], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with working(cluster, deaf, 1, monkeypatch) as stops:

        async def handled() -> bool:
            return len(await cluster.read("logs")) == 1

        await until(handled, 15)
        assert stops == []


async def test_if_the_next_one_hears_nothing_either_the_process_ends_and_is_started_again(
    cluster: Cluster, broker: Broker, deaf: set[Consumer], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with working(cluster, deaf, 2, monkeypatch) as stops:
        await until(lambda: stops, 15)
        assert stops == [(FAILED, "the consumer fell silent twice")]
    assert await cluster.read("logs") == []
