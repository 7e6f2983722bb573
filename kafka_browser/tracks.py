"""One partition on the way from a place to its end, newest or oldest first. No await.

What was found waits here until it is its turn among the partitions; it is bounded, and what does not fit is ahead
again.
"""

from abc import ABC, abstractmethod
from collections import deque

from event_bus import Record
from kafka_browser.messages import Message

PAGE_BYTES = 4 * 1024 * 1024  # of an answer, about: 64 messages of the largest size


class Track(ABC):
    """Ahead are the offsets from `low` (with it) to `high` (without). `sign` 1: newest first, -1: oldest first."""

    sign: int

    def __init__(self, low: int, high: int, most: int) -> None:
        self.low, self.high = low, max(low, high)
        self._most = most
        self.of = self.high - self.low
        self.found: deque[Message] = deque()
        self._bytes = 0
        self._reached = float("inf")  # nothing was read yet: it may hold what comes first

    @property
    def hungry(self) -> bool:
        return not self.found and self.low < self.high

    @property
    def over(self) -> bool:
        return not self.found and self.low == self.high

    @property
    def rank(self) -> float:
        """The greater, the sooner it is its turn. Of a hungry one: that of the last record that was read."""
        return self.sign * self.found[0].timestamp if self.found else self._reached

    @property
    @abstractmethod
    def place(self) -> int:
        """For a cursor: what was not handed out lies before it (newest first), or from it on."""

    @property
    @abstractmethod
    def searched(self) -> int:
        """Offsets between the beginning and `place`."""

    @abstractmethod
    def take(self, count: int) -> range:
        """The next offsets to read; whoever calls it reads them and then calls `add`, or `pass_over`."""

    @abstractmethod
    def add(self, message: Message) -> None:
        """In the order of offsets."""

    def pass_over(self, record: Record) -> None:
        """A record that nobody wants."""
        self._read(record.timestamp)

    def next(self) -> Message:
        message = self.found.popleft()
        self._bytes -= size_of(message)
        return message

    @property
    def _too_much(self) -> bool:
        return len(self.found) > self._most or (len(self.found) > 1 and self._bytes > PAGE_BYTES)

    @abstractmethod
    def _read(self, timestamp: int) -> None: ...


class NewestFirst(Track):
    sign = 1

    def __init__(self, low: int, high: int, most: int) -> None:
        super().__init__(low, high, most)
        self._from = self.high
        self._first = False

    @property
    def place(self) -> int:
        return self.found[0].offset + 1 if self.found else self.high

    @property
    def searched(self) -> int:
        return self._from - self.place

    def take(self, count: int) -> range:
        stop, self.high = self.high, max(self.low, self.high - count)
        self._first = True
        return range(self.high, stop)

    def add(self, message: Message) -> None:
        self._read(message.timestamp)
        self.found.appendleft(message)
        self._bytes += size_of(message)
        while self._too_much:
            dropped = self.found.pop()
            self._bytes -= size_of(dropped)
            self.high, self._reached = dropped.offset + 1, dropped.timestamp

    def _read(self, timestamp: int) -> None:
        if self._first:  # the oldest one of what is read now
            self._first, self._reached = False, timestamp


class OldestFirst(Track):
    sign = -1

    def __init__(self, low: int, high: int, most: int) -> None:
        super().__init__(low, high, most)
        self._from = self.low
        self._full = False

    @property
    def place(self) -> int:
        return self.found[0].offset if self.found else self.low

    @property
    def searched(self) -> int:
        return self.place - self._from

    def take(self, count: int) -> range:
        start, self.low = self.low, min(self.high, self.low + count)
        self._full = False
        return range(start, self.low)

    def add(self, message: Message) -> None:
        if self._full:
            return
        self._read(message.timestamp)
        self.found.append(message)
        self._bytes += size_of(message)
        if self._too_much:
            self._full = True
            self._bytes -= size_of(self.found.pop())
            self.low = message.offset

    def _read(self, timestamp: int) -> None:
        if not self._full:
            self._reached = -timestamp


def size_of(message: Message) -> int:
    """About, in bytes of JSON."""
    headers = sum(len(header.name) + len(header.value) for header in message.headers)
    return 300 + len(message.key or "") + len(message.value or "") + headers
