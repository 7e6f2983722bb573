"""From the topic to the hub: each record of `logs` becomes one line, shown and printed once.

Values stay bytes: nothing here reads the JSON. Must not know aiokafka; the reader rebuilds itself.
"""

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from typing import Protocol

from event_bus.crash_points import CrashPoint, reached
from event_bus.printer import Printer
from event_bus.records import Record
from logs_service.frames import one_line
from logs_service.hub import Hub
from logs_service.seen import Seen


class Source(Protocol):
    def batches(self) -> AsyncGenerator[list[Record], None]: ...


class Feed:
    def __init__(self, hub: Hub, printer: Printer, seen: Seen) -> None:
        self._hub = hub
        self._printer = printer
        self._seen = seen
        self.repeated = self.repaired = 0

    async def run(self, source: Source) -> None:
        async with aclosing(source.batches()) as batches:
            async for batch in batches:
                reached(CrashPoint.LINES_FETCHED)
                self.show(batch)

    def show(self, records: Iterable[Record]) -> None:
        new = (record.value for record in records if self._is_new(record))
        lines = [self._line(value) for value in new if value is not None]
        if lines:
            self._hub.publish(lines)
            self._printer.print(lines)

    def _is_new(self, record: Record) -> bool:
        """A repetition has a new offset and the same id; a record without an id is always new."""
        event_id = _event_id(record)
        if event_id is None or self._seen.add(event_id):
            return True
        self.repeated += 1
        return False

    def _line(self, value: bytes) -> bytes:
        line = one_line(value)
        self.repaired += line != value
        return line


def _event_id(record: Record) -> bytes | None:
    for name, value in record.headers:
        if name == "ce_id":
            return value
    return None
