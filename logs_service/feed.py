"""From the topic to the hub: each record of `logs` becomes one line, shown and printed once.

It begins some way before the end, so that a hub that was just started knows the last lines and their ids. Values stay
bytes: nothing here reads the JSON. Must not know aiokafka; the reader rebuilds itself.
"""

import sys
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Protocol

import structlog

from contracts import LogLine
from event_bus.crash_points import CrashPoint, reached
from event_bus.metrics import age
from event_bus.records import Partition, Record
from logs_service.frames import one_line
from logs_service.hub import Hub
from logs_service.lines import Headers, Line
from logs_service.position import NOTHING, Mark, Position
from logs_service.seen import Seen

_LOG_LINE = LogLine.type.encode()
_SAID = ("ce_type", "ce_source", "ce_correlationid")

log = structlog.get_logger()


class Source(Protocol):
    def batches(self) -> AsyncGenerator[list[Record], None]: ...
    async def catch_up(self, seconds: float) -> bool: ...


class Feed:
    """`window`: how many offsets before the end it begins, in each partition. `echo` is called with new lines."""

    def __init__(
        self, hub: Hub, seen: Seen, window: int = 0, echo: Callable[[Sequence[bytes]], object] | None = None
    ) -> None:
        self._hub = hub
        self._echo = echo
        self._seen = seen
        self._window = window
        self._ends: Position = {}
        self.repeated = self.repaired = 0
        self.delay = 0.0  # seconds

    def start(
        self, beginnings: Mapping[Partition, int], ends: Mapping[Partition, int]
    ) -> dict[Partition, int]:
        """For the reader: where to begin."""
        starts = {one: max(beginnings[one], end - self._window) for one, end in ends.items()}
        self._hub.ring.start_at(_before(starts))
        self._ends = _before(ends)
        return starts

    def move(self, partition: Partition, offset: int) -> None:
        """For the reader: the records before this one are gone, or the topic was made anew."""
        if offset <= self._hub.ring.position.get(partition.partition, NOTHING).offset:
            self._seen.forget()
            self._ends = {**self._ends, partition.partition: NOTHING}
        self._hub.start_over(_before({partition: offset}))

    async def run(self, source: Source) -> None:
        async with aclosing(source.batches()) as batches:
            async for batch in batches:
                reached(CrashPoint.LINES_FETCHED)
                self.show(batch)

    async def open(self, source: Source) -> None:
        """Lets clients in as soon as everything is there that was written before now."""
        while not await source.catch_up(60.0):
            log.warning("the hub is not filled yet: clients wait")
        self._hub.open(self._ends)

    def show(self, records: Iterable[Record]) -> None:
        fresh = [
            self._line(record, record.value)
            for record in records
            if record.value is not None and self._is_new(record)
        ]
        if fresh:
            self._hub.publish(fresh)
            if self._is_live(fresh[-1]):
                self.delay = age(fresh[-1].time)
            if self._echo is not None:
                self._echo([line.text for line in fresh if self._is_live(line)])

    def _is_live(self, line: Line) -> bool:
        """Whatever was there when the hub started has been printed by one before it."""
        return line.offset > self._ends.get(line.partition, NOTHING).offset

    def _is_new(self, record: Record) -> bool:
        """A repetition has a new offset and the same id; a record without an id is always new."""
        event_id = id_of(record)
        if event_id is None or self._seen.add(event_id, record.partition, record.offset):
            return True
        self.repeated += 1
        return False

    def _line(self, record: Record, value: bytes) -> Line:
        line = line_of(record, value)
        self.repaired += line.text != value
        return line


def id_of(record: Record) -> bytes | None:
    for name, value in record.headers:
        if name == "ce_id":
            return value
    return None


def line_of(record: Record, value: bytes) -> Line:
    return Line(record.partition, record.offset, record.timestamp, one_line(value), _headers_of(record))


def _headers_of(record: Record) -> Headers | None:
    """None for a log line, and for what has no type."""
    said = {name: value for name, value in record.headers if name in _SAID}
    event = said.get("ce_type", _LOG_LINE)
    if event == _LOG_LINE:
        return None
    service, correlation_id = said.get("ce_source", b""), said.get("ce_correlationid", b"")
    return Headers(
        sys.intern(event.decode(errors="replace")),
        sys.intern(service.decode(errors="replace").removeprefix("/")),
        correlation_id.decode(errors="replace"),
    )


def _before(offsets: Mapping[Partition, int]) -> dict[int, Mark]:
    return {one.partition: Mark(offset - 1) for one, offset in offsets.items()}
