"""The group-less reader: every partition of some topics, from a chosen place, for ever.

Nothing is committed. Each replica sees everything, and what it makes of it in memory can be made again.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Literal

import structlog

from event_bus.backoff import Backoff
from event_bus.errors import Unavailable
from event_bus.kafka import Consumer
from event_bus.records import Partition, Record
from event_bus.settings import Broker

MOST_RECORDS = 5_000  # a batch: some milliseconds of work, so that the loop stays responsive
LOOK_SECONDS = 2.0  # a quiet reader asks for the end this often, and so learns that the broker is away

Place = Literal["beginning", "end"] | Callable[[Mapping[Partition, int]], Mapping[Partition, int]]
log = structlog.get_logger()


class Reader:
    """Yields batches of committed records. `start`: "beginning", "end", or a function from ends to offsets."""

    def __init__(self, broker: Broker, topics: Sequence[str], start: Place = "end") -> None:
        self._broker, self._topics, self._start = broker, topics, start
        self._next: dict[Partition, int] = {}  # the offset to go on from
        self._trouble: str | None = "starting"
        self._caught_up = asyncio.Event()
        self._look = asyncio.Event()

    def not_ready(self) -> str | None:
        """None when it is at the end of what there is and the broker answers."""
        return self._trouble

    async def batches(self) -> AsyncIterator[list[Record]]:
        """Ends never. After an error it goes on behind the last record that it yielded."""
        backoff = Backoff(0.5)
        while True:
            consumer = Consumer(self._broker)
            try:
                partitions = await self._open(consumer)
                backoff.reset()
                async for batch in self._read(consumer, partitions):
                    yield batch
            except Unavailable as error:
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
        self._caught_up.clear()
        self._look.set()
        try:
            async with asyncio.timeout(seconds):
                await self._caught_up.wait()
        except TimeoutError:
            return False
        return True

    async def _open(self, consumer: Consumer) -> list[Partition]:
        await consumer.start()
        partitions = await consumer.assign_all(self._topics)
        if not self._next:
            self._next = await self._first(consumer, partitions)
        for partition in partitions:
            consumer.seek(partition, self._next.get(partition, 0))
        return partitions

    async def _first(self, consumer: Consumer, partitions: Sequence[Partition]) -> dict[Partition, int]:
        if self._start == "beginning":
            return {partition: await consumer.beginning(partition) for partition in partitions}
        ends = await consumer.ends(partitions)
        return dict(ends if self._start == "end" else self._start(ends))

    async def _read(self, consumer: Consumer, partitions: Sequence[Partition]) -> AsyncIterator[list[Record]]:
        while True:
            batch = await self._next_batch(consumer, partitions)
            if batch:
                yield batch
                for record in batch:
                    self._next[Partition(record.topic, record.partition)] = record.offset + 1
            if not batch or self._look.is_set() or self._trouble:
                await self._look_for_the_end(consumer, partitions)

    async def _next_batch(self, consumer: Consumer, partitions: Sequence[Partition]) -> list[Record]:
        """What is there; an empty one when nothing came for a while or somebody waits for the end."""
        fetch = asyncio.ensure_future(consumer.batch(partitions, MOST_RECORDS, LOOK_SECONDS))
        look = asyncio.ensure_future(self._look.wait())
        try:
            await asyncio.wait([fetch, look], return_when=asyncio.FIRST_COMPLETED)
            return fetch.result() if fetch.done() else []
        finally:
            look.cancel()
            fetch.cancel()

    async def _look_for_the_end(self, consumer: Consumer, partitions: Sequence[Partition]) -> None:
        """Compares positions, which pass over the markers of transactions, with the ends."""
        ends = await consumer.ends(partitions)
        positions = {partition: await consumer.position(partition) for partition in partitions}
        if all(positions[partition] >= end for partition, end in ends.items()):
            self._trouble = None
            self._look.clear()
            self._caught_up.set()
        elif self._trouble:
            self._trouble = "reading what has gathered"
