"""Parts of topics, each partition from an offset to another: where they lie, what is in them. Commits nothing."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from dev.replay.moment import EARLIEST
from event_bus import Broker, Partition, Record
from event_bus.kafka import Consumer, opened

MOST_RECORDS = 500  # of a batch: all that is in memory, but for what the client has fetched ahead
WAIT_SECONDS = 0.05  # behind the last record lies a marker, over which the position moves without a record


@dataclass(frozen=True, slots=True)
class Span:
    """`begin` is the first offset of a partition, `end` the one behind the last."""

    begin: Mapping[Partition, int]
    end: Mapping[Partition, int]
    oldest: Mapping[Partition, int]  # the first one that there is

    def holds(self, partition: Partition, offset: int) -> bool:
        return self.begin.get(partition, 0) <= offset < self.end.get(partition, 0)

    def until(self, ends: Mapping[Partition, int]) -> "Span":
        """Not further than these offsets; nothing of a partition that is not among them."""
        end = {partition: min(last, ends.get(partition, 0)) for partition, last in self.end.items()}
        return Span(self.begin, end, self.oldest)


async def since(broker: Broker, topics: Sequence[str], time: int, early: bool = False) -> Span:
    """What was written from this time on (milliseconds), up to now.

    `early`: also what is committed and can't be read yet, for the marker of a commit comes after its answer. Reading
    to that end waits until it is there.
    """
    async with opened(Consumer(broker, exact=True, early=early)) as consumer:
        partitions = await consumer.partitions_of(topics)
        end, oldest = await consumer.ends(partitions), await consumer.beginnings(partitions)
        if time == EARLIEST:
            return Span(oldest, end, oldest)
        found = await consumer.at_time(partitions, time)
        return Span(
            {partition: found.get(partition, end[partition]) for partition in partitions}, end, oldest
        )


async def behind(broker: Broker, span: Span) -> Span:
    """What was written since it was looked for."""
    async with _consumer(broker) as consumer:
        return Span(span.end, await consumer.ends(list(span.end)), span.oldest)


async def records(broker: Broker, span: Span) -> AsyncGenerator[list[Record], None]:
    """All committed records of the span, in batches; those of a partition in their order."""
    async with _consumer(broker) as consumer:
        consumer.assign_at(span.begin)
        waiting = list(span.begin)
        while waiting := [one for one in waiting if await consumer.position(one) < span.end[one]]:
            batch = await consumer.batch(waiting, MOST_RECORDS, WAIT_SECONDS)
            inside = [r for r in batch if span.holds(Partition(r.topic, r.partition), r.offset)]
            if inside:
                yield inside


def _consumer(broker: Broker) -> AbstractAsyncContextManager[Consumer]:
    return opened(Consumer(broker, exact=True))
