"""The group-less reader: every partition of some topics, from a chosen place, for ever.

Nothing is committed. Each replica sees everything, and what it makes of it in memory can be made again.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from typing import Literal

import structlog

from event_bus.backoff import Backoff
from event_bus.errors import OutOfRange, Unavailable
from event_bus.kafka import Consumer, opened
from event_bus.records import Partition, Record
from event_bus.settings import Broker

MOST_RECORDS = 5_000  # a batch: some milliseconds of work, so that the loop stays responsive
LOOK_SECONDS = 2.0  # a quiet reader asks for the end this often, and so learns that the broker is away
GOAL_SECONDS = 0.02  # while somebody waits for the end: positions pass over markers without a record

Offsets = Mapping[Partition, int]
Place = Literal["beginning", "end"] | Callable[[Offsets, Offsets], Offsets]
Moved = Callable[[Partition, int], object]
log = structlog.get_logger()


class Reader:
    """Yields batches of committed records. `start`: "beginning", "end", or a function from both to offsets.

    Where it can't go on (records were deleted, a topic was made anew) it begins with the oldest record there is, and
    calls `moved` with its offset before.
    """

    def __init__(
        self, broker: Broker, topics: Sequence[str], start: Place = "end", moved: Moved | None = None
    ) -> None:
        self._broker, self._topics, self._start, self._moved = broker, topics, start, moved
        self._strayed: Collection[Partition] = ()  # where the next record is gone
        self._next: dict[Partition, int] = {}  # the offset to go on from
        self._trouble: str | None = "starting"
        self._look = asyncio.Event()
        self._asked: list[asyncio.Future[bool]] = []  # who wants to know of the end
        self._waiting: list[asyncio.Future[bool]] = []  # … of the one that is the goal now
        self._goal: dict[Partition, int] | None = None

    def not_ready(self) -> str | None:
        """None when it is at the end of what there is and the broker answers."""
        return self._trouble

    async def batches(self) -> AsyncGenerator[list[Record], None]:
        """Ends never. After an error it goes on behind the last record that it yielded."""
        backoff = Backoff(0.5)
        while True:
            consumer = Consumer(self._broker, exact=True)
            try:
                partitions = await self._open(consumer)
                backoff.reset()
                async with contextlib.aclosing(self._read(consumer, partitions)) as batches:
                    async for batch in batches:
                        yield batch
            except Unavailable as error:
                self._strayed = error.partitions if isinstance(error, OutOfRange) else ()
                if self._trouble != str(error):
                    log.warning("the reader waits", topics=self._topics, reason=str(error))
                self._trouble = str(error)
            finally:
                await asyncio.shield(consumer.discard())
            await backoff.wait()

    async def catch_up(self, seconds: float) -> bool:
        """Waits until everything that is committed by now was yielded and taken; False if that did not happen.

        Somebody must be reading `batches()` meanwhile.
        """
        asked: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._asked.append(asked)
        self._look.set()
        try:
            async with asyncio.timeout(seconds):
                return await asked
        except TimeoutError:
            return False

    async def _open(self, consumer: Consumer) -> list[Partition]:
        await consumer.start()
        partitions = await consumer.partitions_of(self._topics)
        if not self._next:
            self._next = await self._first(consumer, partitions)
        await self._move(consumer)
        consumer.assign_at({partition: self._next.get(partition, 0) for partition in partitions})
        return partitions

    async def _move(self, consumer: Consumer) -> None:
        for partition in self._strayed:
            lost, oldest = self._next.get(partition, 0), await consumer.beginning(partition)
            log.warning("the next record is gone", partition=partition, offset=lost, oldest=oldest)
            self._next[partition] = oldest
            if self._moved is not None:
                self._moved(partition, oldest)
        self._strayed = ()

    async def _first(self, consumer: Consumer, partitions: Sequence[Partition]) -> dict[Partition, int]:
        if self._start == "end":
            return await consumer.ends(partitions)
        beginnings = await consumer.beginnings(partitions)
        if self._start == "beginning":
            return beginnings
        return dict(self._start(beginnings, await consumer.ends(partitions)))

    async def _read(
        self, consumer: Consumer, partitions: Sequence[Partition]
    ) -> AsyncGenerator[list[Record], None]:
        self._goal = None
        self._look.set()  # at once, so that a quiet topic is known to be quiet
        while True:
            batch = await self._next_batch(consumer, partitions)
            if batch:
                yield batch
                for record in batch:
                    self._next[Partition(record.topic, record.partition)] = record.offset + 1
            if self._goal is not None or self._look.is_set() or not batch:
                await self._look_for_the_end(consumer, partitions)

    async def _next_batch(self, consumer: Consumer, partitions: Sequence[Partition]) -> list[Record]:
        """What is there; an empty one when nothing came for a while or somebody asks for the end."""
        if self._goal is not None:
            return await consumer.batch(partitions, MOST_RECORDS, GOAL_SECONDS)
        fetch = asyncio.ensure_future(consumer.batch(partitions, MOST_RECORDS, LOOK_SECONDS))
        look = asyncio.ensure_future(self._look.wait())
        try:
            await asyncio.wait([fetch, look], return_when=asyncio.FIRST_COMPLETED)
            return fetch.result() if fetch.done() else []
        finally:
            look.cancel()
            fetch.cancel()

    async def _look_for_the_end(self, consumer: Consumer, partitions: Sequence[Partition]) -> None:
        """The end is where it was when somebody asked: under steady traffic the present one is never reached."""
        if self._goal is None:
            self._look.clear()
            asked, self._asked = self._asked, []
            waited_for = asked or self._trouble
            ends = self._ends_now(partitions) if waited_for else consumer.ends(partitions)
            self._goal, self._waiting = await ends, [*self._waiting, *asked]
        positions = {partition: await consumer.position(partition) for partition in partitions}
        if all(positions[partition] >= end for partition, end in self._goal.items()):
            self._goal, self._trouble = None, None
            waiting, self._waiting = self._waiting, []
            for future in waiting:
                if not future.done():
                    future.set_result(True)
        elif self._trouble:
            self._trouble = "reading what has gathered"

    async def _ends_now(self, partitions: Sequence[Partition]) -> dict[Partition, int]:
        """By a connection of its own: on that of the reader the answer would come after that of an idle long poll."""
        async with opened(Consumer(self._broker)) as consumer:
            return await consumer.ends(partitions)
