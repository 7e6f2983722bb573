"""The reader sees every committed record once, from where it was told to begin, and knows when it is at the end."""

import asyncio
import contextlib
import statistics
from collections.abc import AsyncIterator

import pytest

from event_bus import Broker, Reader, Record
from event_bus.kafka import FETCH_WAIT_MS, Consumer, ProducerPair
from event_bus.reader import Offsets, Place
from event_bus.records import Committed, Outgoing, Partition
from tests.event_bus.cluster import Cluster, Raw, until


class Reading:
    """A reader at work, and what it has read."""

    def __init__(self, broker: Broker, start: Place) -> None:
        self.reader = Reader(broker, ["logs"], start)
        self.seen: list[Record] = []

    @property
    def values(self) -> list[bytes | None]:
        return [record.value for record in self.seen]

    async def run(self) -> None:
        async with contextlib.aclosing(self.reader.batches()) as batches:
            async for batch in batches:
                self.seen.extend(batch)


@contextlib.asynccontextmanager
async def reading(broker: Broker, start: Place) -> AsyncIterator[Reading]:
    it = Reading(broker, start)
    task = asyncio.create_task(it.run())
    try:
        await until(lambda: it.reader.not_ready() is None, 10)
        yield it
    finally:
        task.cancel()
        await asyncio.wait([task], timeout=10)
    assert task.cancelled()
    assert asyncio.all_tasks() == {asyncio.current_task()}


def numbered(count: int, first: int = 0) -> list[Raw]:
    return [(b"key", str(number).encode(), []) for number in range(first, first + count)]


async def test_from_the_beginning_everything_is_there_when_it_is_ready(
    cluster: Cluster, broker: Broker
) -> None:
    await cluster.create("logs", 2)
    await cluster.write("logs", numbered(20))
    async with reading(broker, "beginning") as it:
        assert it.values == [value for _, value, _ in numbered(20)]
        await cluster.write("logs", numbered(5, 20))
        await until(lambda: len(it.seen) == 25)


async def test_from_the_end_only_what_is_new(cluster: Cluster, broker: Broker) -> None:
    await cluster.create("logs")
    await cluster.write("logs", numbered(20))
    async with reading(broker, "end") as it:
        await cluster.write("logs", numbered(3, 20))
        await until(lambda: len(it.seen) == 3)
        assert it.values == [b"20", b"21", b"22"]


async def test_from_a_place_that_depends_on_the_ends(cluster: Cluster, broker: Broker) -> None:
    await cluster.create("logs")
    await cluster.write("logs", numbered(20))

    def two_before_the_end(_: Offsets, ends: Offsets) -> Offsets:
        return {partition: end - 2 for partition, end in ends.items()}

    async with reading(broker, two_before_the_end) as it:
        assert it.values == [b"18", b"19"]


async def test_caught_up_means_that_all_that_was_committed_has_been_read(
    cluster: Cluster, broker: Broker
) -> None:
    await cluster.create("logs")
    async with reading(broker, "beginning") as it, ProducerPair(broker, "mine") as pair:
        for number in range(60):
            record = Outgoing("logs", b"key", str(number).encode())
            await pair.transact([record], "group", {Partition(broker.named("logs"), 0): Committed(1)})
            assert await it.reader.catch_up(2.0)
            assert it.values[-1] == str(number).encode()


async def test_the_end_of_a_quiet_topic_is_known_sooner_than_an_idle_long_poll_ends(
    cluster: Cluster, broker: Broker
) -> None:
    await cluster.create("logs", 1)
    clock, took = asyncio.get_running_loop().time, list[float]()
    async with reading(broker, "end") as it:
        for _ in range(5):
            begun = clock()
            assert await it.reader.catch_up(3.0)
            took.append(clock() - begun)
    assert statistics.median(took) < FETCH_WAIT_MS / 1000 / 3


async def test_a_look_for_the_end_from_before_the_question_is_no_answer(
    cluster: Cluster, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between a look's end offsets and its verdict a record is committed and somebody asks to catch up."""
    await cluster.create("logs")
    ends_of, asked = Consumer.ends, list[asyncio.Task[bool]]()
    async with reading(broker, "beginning") as it:

        async def ends(self: Consumer, partitions: list[Partition]) -> dict[Partition, int]:
            found = await ends_of(self, partitions)
            if not asked:
                await cluster.write("logs", numbered(1))
                asked.append(asyncio.create_task(caught_up_with_one()))
                await asyncio.sleep(0)  # it has asked
            return found

        async def caught_up_with_one() -> bool:
            return await it.reader.catch_up(3.0) and len(it.seen) == 1

        monkeypatch.setattr(Consumer, "ends", ends)
        assert await it.reader.catch_up(3.0)
        assert await asked[0]


async def test_it_is_not_caught_up_when_nobody_answers(broker: Broker) -> None:
    reader = Reader(broker, ["logs"], "beginning")
    assert not await reader.catch_up(0.1)


async def test_a_topic_that_is_not_there_yet_is_waited_for(cluster: Cluster, broker: Broker) -> None:
    it = Reading(broker, "beginning")
    task = asyncio.create_task(it.run())
    try:
        await until(lambda: "topic" in (it.reader.not_ready() or ""), 15)
        await cluster.create("logs")
        await cluster.write("logs", numbered(1))
        await until(lambda: len(it.seen) == 1, 20)
    finally:
        task.cancel()
        await asyncio.wait([task], timeout=10)
    assert task.cancelled()
