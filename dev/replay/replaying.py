"""The whole of a replay: handle again what was consumed, write it to the side, read both, compare."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from uuid import uuid4

from contracts import dead_letters_of
from dev.errors import ShopError
from dev.replay import spans
from dev.replay.comparison import Comparison, Example, Verdict, comparison
from dev.replay.moment import EARLIEST
from dev.replay.side_topics import side_topics
from dev.replay.spans import Span
from dev.replay.telling import Told, cause_of, event_told, letter_told
from event_bus import Broker, On, Outgoing, Partition, Record
from event_bus.dispatch import Dispatch
from event_bus.kafka import Admin, ProducerPair

# What follows from an event was written by another machine: looked for from a while before it.
CLOCKS_APART_MS = 60_000
# What was committed may still be on its way to its readers: while something is missing, they look again.
ARRIVES_WITHIN = 2.0  # seconds
PAUSE = 0.2


@dataclass(frozen=True, slots=True)
class Report:
    """`lines`: what the worker published; `letters`: its dead letters; `kept`: topics that are still there."""

    service: str
    records: int
    lines: dict[Verdict, int]
    letters: dict[Verdict, int]
    examples: list[Example]
    kept: Sequence[str]

    @property
    def ok(self) -> bool:
        return all(counts["same"] == sum(counts.values()) for counts in (self.lines, self.letters))


async def replay(broker: Broker, service: str, table: Sequence[On], time: int, keep: bool = False) -> Report:
    """From this time on (milliseconds), as far as its group has consumed. Raises ShopError and BusError."""
    with comparison() as compared:
        once_more = Replay(broker, Dispatch(service, table), compared)
        events = sorted({event.topic.name for row in table for event in row.publishes})
        return await once_more.run(events, time, keep)


class Replay:
    """One run. Nothing is kept in memory but a batch."""

    def __init__(self, broker: Broker, dispatch: Dispatch, compared: Comparison) -> None:
        self._broker, self._dispatch, self._compared = broker, dispatch, compared
        self._service = dispatch.service
        self._letters = dead_letters_of(dispatch.service).name

    async def run(self, events: Sequence[str], time: int, keep: bool) -> Report:
        """`events`: the topics that the worker publishes to."""
        consumed = await self._consumed(time)
        topics = [*events, self._letters]
        first = {topic: await self._written(topic, time) for topic in topics}
        async with side_topics(self._broker, topics, keep) as beside:
            count = await self._handle_again(consumed, beside)
            for topic in topics:
                span = await spans.since(self._broker, [beside[topic]], EARLIEST, early=True)
                await self._read(span, self._told(topic, consumed), self._compared.told_again)
        for topic in topics:
            await self._read_first(first[topic], self._told(topic, consumed))
        return Report(
            self._service,
            count,
            self._compared.counts(letters=False),
            self._compared.counts(letters=True),
            self._compared.examples(),
            [self._broker.named(name) for name in beside.values()] if keep else [],
        )

    async def _consumed(self, time: int) -> Span:
        there = await spans.since(self._broker, self._dispatch.topics(), time)
        async with Admin(self._broker) as admin:
            committed = await admin.all_committed(self._service)
        if not committed:
            raise ShopError(f"{self._service} has consumed nothing yet; is TOPIC_PREFIX that of the shop?")
        return there.until(committed)

    async def _written(self, topic: str, time: int) -> Span:
        """What the worker wrote since. Raises ShopError if some of it is gone: all of that would seem missing."""
        span = await spans.since(self._broker, [topic], max(EARLIEST, time - CLOCKS_APART_MS))
        if any(0 < span.oldest[partition] == begin for partition, begin in span.begin.items()):
            raise ShopError(
                f"what {self._service} wrote to {topic} at that time is gone, or some of it: take a later --from"
            )
        return span

    async def _handle_again(self, consumed: Span, beside: dict[str, str]) -> int:
        """The worker's own dispatch, and a producer that commits no offset. Gives the number of records."""
        count = 0
        name = f"{self._service}-replay-{uuid4().hex[:6]}"
        async with (
            ProducerPair(self._broker, name) as pair,
            aclosing(spans.records(self._broker, consumed)) as batches,
        ):
            async for batch in batches:
                count += len(batch)
                self._compared.consumed(map(cause_of, batch))
                outputs = [output for record in batch for output in await self._dispatch.handle(record)]
                if outputs:
                    await pair.transact(_moved(outputs, beside), self._service, {})
        return count

    def _told(self, topic: str, consumed: Span) -> Callable[[Record], Told | None]:
        """How a record of that topic is read. A letter counts if its record was handled again."""
        if topic != self._letters:
            return lambda record: event_told(record, self._service)

        def letter(record: Record) -> Told | None:
            told = letter_told(record)
            return told if told and consumed.holds(*_place(told.name)) else None

        return letter

    async def _read_first(self, span: Span, told: Callable[[Record], Told | None]) -> None:
        clock = asyncio.get_running_loop().time
        end = clock() + ARRIVES_WITHIN
        while True:
            await self._read(span, told, self._compared.told_first)
            if not self._compared.anything_missing() or clock() > end:
                return
            await asyncio.sleep(PAUSE)
            span = await spans.behind(self._broker, span)

    async def _read(
        self, span: Span, told: Callable[[Record], Told | None], add: Callable[[list[Told]], None]
    ) -> None:
        async with aclosing(spans.records(self._broker, span)) as batches:
            async for batch in batches:
                add([found for record in batch if (found := told(record))])


def _moved(outputs: Sequence[Outgoing], beside: dict[str, str]) -> list[Outgoing]:
    return [replace(output, topic=beside[output.topic]) for output in outputs]


def _place(name: str) -> tuple[Partition, int]:
    topic, partition, offset = name.rsplit(":", 2)
    return Partition(topic, int(partition)), int(offset)
