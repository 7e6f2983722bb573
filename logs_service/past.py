"""Lines of the topic from any place on, read from Kafka: where a wish begins, what is gone, and what comes next.

Knows no client and no ring. What it reads, it reads with its own memory of ids beside the hub's: it begins some way
before the place, so that a record whose first one lies just before it is known as a repetition.
"""

import heapq
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from event_bus.errors import OutOfRange
from event_bus.kafka import Consumer, opened
from event_bus.records import Partition, Record
from event_bus.settings import Broker
from logs_service.feed import id_of, line_of
from logs_service.filters import Filter
from logs_service.lines import Line
from logs_service.position import NOTHING, UNSTAMPED, Mark, Position, stamp
from logs_service.seen import Seen
from logs_service.wishes import After, Earliest, Last, Since, Start

MOST_RECORDS = 1_000  # a batch: about one turn of a client
WAIT_SECONDS = 0.5  # for records; a client that has left is noticed after it
# Where a repetition is expected: a worker that wakes repeats what it had in hand, some thousand at most.
LEAD_IN = 5_000
REMEMBERED_IDS = 20_000  # four times that; 3 MB a reader
# How far back the last lines of a filter are looked for, per partition, about: some seconds of reading. What was not
# found by then begins with the oldest that was.
FURTHEST_BACK = 200_000


@dataclass(frozen=True, slots=True)
class Loss:
    """Offsets that can't be served any more. `last` None: nobody knows how many there were."""

    partition: int
    first: int
    last: int | None
    reason: str

    @property
    def count(self) -> int | None:
        return None if self.last is None else self.last - self.first + 1


class Past:
    def __init__(self, consumer: Consumer, partitions: Sequence[Partition], shown: Seen) -> None:
        self._consumer = consumer
        self._partitions = partitions
        self._shown = shown
        self._seen = Seen(REMEMBERED_IDS)

    async def place(self, start: Start, only: Filter | None = None) -> Position:
        """Where a client with this wish begins. The last lines are the last of those that it wants."""
        beginnings = await self._consumer.beginnings(self._partitions)
        ends = await self._consumer.ends(self._partitions)
        match start:
            case After(position):
                return position
            case Earliest():
                return _before(beginnings)
            case Since(time):
                return _before(ends | await self._consumer.at_time(self._partitions, time))
            case Last(count):
                return await self._last(count, only, beginnings, ends)
        return _before(ends)

    async def checked(self, position: Position) -> tuple[Position, list[Loss]]:
        """The position, or the nearest one from which everything is there, and what lies between."""
        beginnings = await self._consumer.beginnings(self._partitions)
        ends = await self._consumer.ends(self._partitions)
        marks: dict[int, Mark] = {}
        losses: list[Loss] = []
        for one in self._partitions:
            mark = position.get(one.partition, NOTHING)
            beginning, next_offset = beginnings[one], mark.offset + 1
            if next_offset < beginning:
                losses.append(Loss(one.partition, next_offset, beginning - 1, "deleted"))
            elif await self._is_another(one, mark, beginning, ends[one]):
                losses.append(Loss(one.partition, next_offset, None, "topic made anew"))
            else:
                marks[one.partition] = mark
                continue
            marks[one.partition] = Mark(beginning - 1)
        return marks, losses

    async def _is_another(self, partition: Partition, mark: Mark, beginning: int, end: int) -> bool:
        """Whether the topic was made anew since the mark: it is shorter, or has another record there."""
        if mark.offset < beginning or (mark.stamp == UNSTAMPED and mark.offset < end):
            return False
        self._consumer.assign_at({partition: mark.offset})
        try:
            records = await self._consumer.batch([partition], 1, WAIT_SECONDS)
        except OutOfRange:
            return True
        if not records:
            return end <= mark.offset
        there = records[0]
        return there.offset == mark.offset and mark.stamp not in (UNSTAMPED, stamp(there.timestamp))

    async def begin(self, position: Position) -> None:
        """From now on `read` goes on behind this position, which was checked."""
        beginnings = await self._consumer.beginnings(self._partitions)
        self._seen.forget()
        self._consumer.assign_at(
            {
                one: max(beginnings[one], position.get(one.partition, NOTHING).offset + 1 - LEAD_IN)
                for one in self._partitions
            }
        )

    async def read(self, has: Position) -> tuple[list[Line], Position]:
        """The next lines that somebody lacks who has this, and how far they reach: over records that are no
        lines, too, or they would hold him up for ever."""
        records = await self._consumer.batch(self._partitions, MOST_RECORDS, WAIT_SECONDS)
        lines = [
            line_of(record, record.value)
            for record in records
            if self._is_new(record)
            and record.value is not None
            and record.offset > has.get(record.partition, NOTHING).offset
        ]
        return lines, {
            one.partition: Mark(await self._consumer.position(one) - 1) for one in self._partitions
        }

    def _is_new(self, record: Record) -> bool:
        event_id, place = id_of(record), (record.partition, record.offset)
        if event_id is None:
            return True
        return self._seen.add(event_id, *place) and not self._shown.repeats(event_id, *place)

    async def _last(
        self,
        count: int,
        only: Filter | None,
        beginnings: Mapping[Partition, int],
        ends: Mapping[Partition, int],
    ) -> Position:
        """Looks back further and further, since nobody knows how many of the offsets are wanted lines."""
        span = 2 * count
        while True:
            starts = {one: max(beginnings[one], end - span) for one, end in ends.items()}
            newest = await self._newest(count, only, starts, ends)
            if len(newest) == count or starts == beginnings or span > FURTHEST_BACK:
                break
            span *= 4
        oldest = dict(ends)
        for _, offset, partition in newest:
            oldest[partition] = min(oldest[partition], offset)
        return _before(oldest)

    async def _newest(
        self, count: int, only: Filter | None, starts: Mapping[Partition, int], ends: Mapping[Partition, int]
    ) -> list[tuple[int, int, Partition]]:
        """The last lines between these offsets; of several partitions, the last by time."""
        newest: list[tuple[int, int, Partition]] = []
        by_partition = {one.partition: one for one in self._partitions}
        reached = _before(starts)
        await self.begin(reached)
        while any(reached[one.partition].offset + 1 < end for one, end in ends.items()):
            lines, position = await self.read(reached)
            for line in lines:
                one = by_partition[line.partition]
                if line.offset < ends[one] and (only is None or line in only):
                    newest.append((line.time if len(ends) > 1 else 0, line.offset, one))
            newest = heapq.nlargest(count, newest)
            reached = {
                number: max(mark, position[number], key=lambda mark: mark.offset)
                for number, mark in reached.items()
            }
        return newest


@asynccontextmanager
async def past_of(broker: Broker, topic: str, shown: Seen) -> AsyncIterator[Past]:
    """`shown`: the ids that the hub remembers."""
    async with opened(Consumer(broker, exact=True)) as consumer:
        yield Past(consumer, await consumer.partitions_of([topic]), shown)


def _before(offsets: Mapping[Partition, int]) -> dict[int, Mark]:
    return {one.partition: Mark(offset - 1) for one, offset in offsets.items()}
