"""What a worker says about itself: when it is ready, when it has a rival, when its client has fallen silent."""

import asyncio
from typing import Any, ClassVar

import pytest

from contracts import LogLine, Notification
from event_bus import Broker, On, Worker
from event_bus.dispatch import Dispatch
from event_bus.errors import Unavailable
from event_bus.kafka import Consumer, ProducerPair
from event_bus.membership import SILENCE_SECONDS, _Watch
from event_bus.records import Partition
from event_bus.wire import encode
from event_bus.worker import TransactionalWork
from tests.event_bus.cluster import Cluster, until
from tests.event_bus.process import trace
from tests.event_bus.story import accepted
from tests.event_bus.test_dead_letters import raw
from tests.event_bus.test_wire import read

CONSUMES = [On(Notification, trace, publishes=[LogLine])]


async def test_another_process_with_its_id_ends_it(cluster: Cluster, broker: Broker) -> None:
    """Three fences within a minute: somebody else works as the same instance."""
    for topic in ("notifications", "logs", "tracer.dlq"):
        await cluster.create(topic)
    stops: list[tuple[int, str]] = []
    async with Worker(broker, "tracer", CONSUMES, lambda code, why: stops.append((code, why))) as worker:
        await until(lambda: worker.not_ready() is None, 20)
        for number in range(200):
            async with ProducerPair(broker, "tracer-notifications-0"):
                await cluster.write("notifications", [raw(accepted("key", number))])
            await asyncio.sleep(0.1)  # time to meet the fence and to start anew
            if stops:
                break
    assert stops
    assert stops[0][0] == 75


async def test_while_a_backlog_is_handled_others_get_their_turn(broker: Broker) -> None:
    """Else the steps of the other partitions' transactions, and health, would wait for all of it."""
    turns: list[None] = []
    dispatch = Dispatch("tracer", CONSUMES)
    consumer, partition = Consumer(broker), Partition("notifications", 0)
    worker = TransactionalWork(broker, dispatch, consumer, [partition], "tracer", [], lambda outputs: None)

    async def another() -> None:
        while True:
            turns.append(await asyncio.sleep(0))

    task = asyncio.create_task(another())
    outputs = await worker._outputs([read(encode(accepted("key", number))) for number in range(1_000)])
    task.cancel()
    await consumer.discard()
    assert len(outputs) == 1_000
    assert len(turns) >= 9


class Quiet:
    """A consumer with one partition, at the place where it is told to be."""

    assignment = frozenset({Partition("topic", 0)})

    def __init__(self) -> None:
        self.end = self.at = 10

    async def ends(self, partitions: Any) -> dict[Partition, int]:
        return {Partition("topic", 0): self.end}

    async def position(self, partition: Partition) -> int:
        return self.at


class Idle:
    """A worker of a partition with nothing to do."""

    trouble, broker_trouble, busy = None, False, False
    positions: ClassVar = {Partition("notifications", 0): 10}


@pytest.fixture
async def watch(broker: Broker) -> _Watch:
    watch = _Watch(Quiet(), broker)  # type: ignore[arg-type]
    watch.now = 0.0  # type: ignore[attr-defined]
    watch._clock = lambda: watch.now  # type: ignore[attr-defined]
    watch._since = 0.0
    return watch


async def silent(watch: Any, seconds: float, task: Any = None) -> bool:
    watch.now += seconds
    return bool(await watch.silent([task or Idle()]))


async def test_lag_without_progress_for_long_is_silence(watch: Any) -> None:
    watch._consumer.end = 11
    looks = [await silent(watch, 5) for _ in range(9)]
    assert looks[0] is False
    assert looks[-1] is True


async def test_a_record_that_has_just_come_after_a_quiet_hour_is_no_silence(watch: Any) -> None:
    for _ in range(720):
        assert not await silent(watch, 5)
    watch._consumer.end = 11  # under way while we look
    assert not await silent(watch, 5)
    watch._consumer.at = 11
    for _ in range(20):
        assert not await silent(watch, 5)
    assert SILENCE_SECONDS >= 30


class Wedged(Idle):
    """A worker whose requests get no answer."""

    trouble, broker_trouble = "no answer within 5 s", True


async def test_requests_that_fail_for_long_while_the_broker_answers_others_are_silence(watch: Any) -> None:
    looks = [await silent(watch, 5, Wedged()) for _ in range(9)]
    assert looks[0] is False
    assert looks[-1] is True


async def test_as_long_as_the_broker_is_away_it_is_no_silence(watch: Any) -> None:
    there, watch._broker = watch._broker, Broker("127.0.0.1:1")
    assert not await silent(watch, 5, Wedged())  # the first look takes note of where it is
    for _ in range(8):
        with pytest.raises(Unavailable):
            await silent(watch, 5, Wedged())
    watch._broker = there
    assert not await silent(watch, 5, Wedged())


async def test_a_database_that_is_away_is_no_silence(watch: Any) -> None:
    waiting = Wedged()
    waiting.broker_trouble = False
    for _ in range(9):
        assert not await silent(watch, 5, waiting)
