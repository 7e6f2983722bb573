"""Dead-letter topics, read from one place to another. It knows where their records lie, not what they mean."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from dev.dlq.address import Address
from dev.dlq.letters import Letters, address_of
from dev.errors import NotReady
from event_bus import Broker, Partition, Record
from event_bus.kafka import Consumer, opened

MOST_RECORDS = 500
WAIT = 0.2  # seconds for a batch, where there may be nothing but the marker of a transaction
PATIENCE = 20.0  # seconds without progress: Kafka ends the transaction of a frozen writer within 15


class Tape:
    """Every partition of some topics. Only what is committed is seen."""

    def __init__(self, consumer: Consumer, partitions: Sequence[Partition]) -> None:
        self._consumer, self._partitions = consumer, partitions

    async def letters(self) -> Letters:
        """Those that every reader sees now."""
        ends = await self._consumer.ends(self._partitions)
        return await self._letters(ends.get)

    async def all_letters(self) -> Letters:
        """Those that were written when this began, also behind the open transaction of somebody else.

        A reader of committed records ends before such a transaction, and would take a letter for open whose
        resolution stands behind it. So this waits for its end.
        """
        ends: dict[Partition, int] = {}

        def end(partition: Partition) -> int | None:
            if partition not in ends and (written := self._consumer.written(partition)) is not None:
                ends[partition] = written
            return ends.get(partition)

        return await self._letters(end)

    async def records(self, wanted: Sequence[Address]) -> AsyncGenerator[Record, None]:
        """These, partition by partition in the order of their offsets."""
        chosen = set(wanted)
        for partition in sorted({Partition(address.topic, address.partition) for address in chosen}):
            offsets = [place.offset for place in chosen if place[:2] == partition]
            start, end = min(offsets), max(offsets) + 1
            batches = self._between({partition: start}, {partition: end}.get)
            async with contextlib.aclosing(batches):
                async for batch in batches:
                    for record in batch:
                        if address_of(record) in chosen:
                            yield record

    async def _letters(self, end: Callable[[Partition], int | None]) -> Letters:
        letters = Letters()
        beginnings = {partition: await self._consumer.beginning(partition) for partition in self._partitions}
        batches = self._between(beginnings, end)
        async with contextlib.aclosing(batches):
            async for batch in batches:
                for record in batch:
                    letters.add(record)
        return letters

    async def _between(
        self, starts: Mapping[Partition, int], end: Callable[[Partition], int | None]
    ) -> AsyncGenerator[list[Record], None]:
        """What lies from the starts to the ends; a partition whose end is not known yet is read on."""
        for partition, offset in starts.items():
            self._consumer.seek(partition, offset)
        clock = asyncio.get_running_loop().time
        moved = clock()
        while behind := [
            partition for partition in starts if not await self._is_at(partition, end(partition))
        ]:
            batch = await self._consumer.batch(behind, MOST_RECORDS, WAIT)
            if batch:
                moved = clock()
                yield batch
            elif clock() > moved + PATIENCE:
                raise NotReady(
                    f"{behind[0].topic} can't be read to its end: a writer holds a transaction open on it, "
                    "or Kafka is away; try again in a moment"
                )

    async def _is_at(self, partition: Partition, end: int | None) -> bool:
        return end is not None and await self._consumer.position(partition) >= end


@asynccontextmanager
async def tape(broker: Broker, topics: Sequence[str]) -> AsyncIterator[Tape]:
    """`topics` without the prefix. Raises what `Consumer` raises."""
    async with opened(Consumer(broker)) as consumer:
        yield Tape(consumer, await consumer.assign_all(topics))
