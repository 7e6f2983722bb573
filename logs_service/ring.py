"""The last lines, once for all clients: a ring of segments bounded by bytes. No I/O, no clock.

A segment is the frames of one flush, joined. A *cursor* is the number of the next segment to send: all that
the hub remembers of a client that follows. `head` is the cursor of whoever has everything; what is below `tail` is
gone. `before(cursor)` is the position in the topic of whoever is there.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import islice, repeat

from logs_service.forms import RAW, Encoding, Form, behind, encoded
from logs_service.frames import frame_head
from logs_service.lines import Headers, Line
from logs_service.position import NOTHING, UNSTAMPED, Mark, Position, covers, stamp

# What a segment costs beside its frames and places: its objects and the entry of the dict, measured with
# tracemalloc and rounded up. Without it a ring of one-line segments would take three times what its bound says.
_OVERHEAD = 768
_HEADERS = 200  # bytes of those of a line: an object, and the correlation id


class Evicted(Exception):
    """The cursor points at a segment that the ring no longer holds."""


class Segment:
    """Whole WebSocket frames, ready to be written, and of which records they are."""

    __slots__ = ("_encoded", "_headers", "_places", "before", "frames")

    def __init__(self, lines: Sequence[Line], joined: bytes, before: Position) -> None:
        self.frames = joined
        self.before = before
        # Four numbers a line: as objects they would be larger than the line.
        self._places = array(
            "q",
            [n for line in lines for n in (line.partition, line.offset, line.time, len(line.text))],
        )
        self._headers = _all_or_none([line.headers for line in lines])
        self._encoded: dict[Encoding, bytes] = {}

    @property
    def cost(self) -> int:
        described = len(self._places) * self._places.itemsize + len(self._headers or ()) * _HEADERS
        return len(self.frames) + sum(map(len, self._encoded.values())) + described + _OVERHEAD

    def __len__(self) -> int:
        return len(self._places) // 4

    def lines(self) -> Iterator[Line]:
        at = 0
        numbers = iter(self._places)
        places = zip(numbers, numbers, numbers, numbers, strict=True)
        for (partition, offset, time, size), headers in zip(
            places, self._headers or repeat(None), strict=False
        ):
            at += frame_head(size)
            yield Line(partition, offset, time, self.frames[at : at + size], headers)
            at += size

    def encoded(self, form: Form) -> bytes:
        """Kept if it has all lines: there are few such forms, and as many filters as clients."""
        if form.filter is not None or not form.encoding.shared:
            return encoded(form, self.lines(), self.before)
        if form.encoding not in self._encoded:
            self._encoded[form.encoding] = encoded(form, self.lines(), self.before)
        return self._encoded[form.encoding]


def _all_or_none(headers: Sequence[Headers | None]) -> Sequence[Headers | None] | None:
    """Log lines have none, and are not to pay for them."""
    return headers if any(headers) else None


class Ring:
    """`limit_bytes` bounds all forms together. `floor` is what was evicted last: who has less must ask Kafka."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.bytes = 0
        self.head = 0
        self.tail = 0
        self.position: Position = {}
        self._segments: dict[int, Segment] = {}

    @property
    def floor(self) -> Position:
        return self.before(self.tail)

    def start_at(self, position: Position) -> None:
        """Forget everything; the next line comes after this position."""
        self._segments.clear()
        self.tail = self.head
        self.bytes = 0
        self.position = position

    def append(self, lines: Sequence[Line], joined: bytes) -> None:
        """`joined` is their raw frames. Evicts the oldest until the bound holds; the newest always stays."""
        segment = Segment(lines, joined, self.position)
        self.position = behind(lines, self.position)
        self._segments[self.head] = segment
        self.head += 1
        self._grow(segment.cost)

    def _grow(self, cost: int) -> None:
        self.bytes += cost
        while self.bytes > self.limit_bytes and self.tail < self.head - 1:
            self.bytes -= self._segments.pop(self.tail).cost
            self.tail += 1

    def before(self, cursor: int) -> Position:
        return self.position if cursor == self.head else self._segments[cursor].before

    def segment(self, cursor: int) -> Segment:
        return self._segments[cursor]

    def encoded(self, cursor: int, form: Form) -> bytes:
        """A segment in this form. What is kept of that may evict up to this segment, no further."""
        segment = self._segments[cursor]
        if form == RAW:
            return segment.frames
        cost = segment.cost
        encoded = segment.encoded(form)
        if segment.cost > cost:
            self._grow(segment.cost - cost)
        return encoded

    def since(self, cursor: int, limit_bytes: int, form: Form = RAW) -> tuple[bytes, int]:
        """What follows the cursor: whole segments up to the limit but at least one, and the next cursor.

        What a filter leaves out counts as well: to look at it takes time.
        """
        if cursor < self.tail:
            raise Evicted(f"segment {cursor} is gone, the oldest is {self.tail}")
        parts: list[bytes] = []
        size = 0
        while cursor < self.head:
            weight = len(self._segments[cursor].frames)
            part = self.encoded(cursor, form)
            weight = max(len(part), weight)
            if parts and size + weight > limit_bytes:
                break
            parts.append(part)
            size += weight
            cursor += 1
        return parts[0] if len(parts) == 1 else b"".join(parts), cursor

    def cursor_at(self, position: Position) -> int | None:
        """The last segment before which nothing is that the position lacks; None if what it lacks is gone."""
        cursors = range(self.tail, self.head + 1)
        lacking = bisect_left(cursors, True, key=lambda cursor: not covers(position, self.before(cursor)))
        return cursors[lacking - 1] if lacking else None

    def knows(self, position: Position) -> bool:
        """All that the position lacks is here, and so are the very records that it names."""
        return covers(position, self.floor) and all(
            self._knows(partition, position.get(partition, NOTHING)) for partition in self.position
        )

    def _knows(self, partition: int, mark: Mark) -> bool:
        if mark.stamp == UNSTAMPED or mark == self.floor.get(partition, NOTHING):
            return mark.offset <= self.position[partition].offset
        cursors = range(self.tail, self.head)
        reached = bisect_left(
            cursors, mark.offset, key=lambda at: self.before(at + 1).get(partition, NOTHING).offset
        )
        return reached < len(cursors) and any(
            (line.partition, line.offset) == (partition, mark.offset) and stamp(line.time) == mark.stamp
            for line in self._segments[cursors[reached]].lines()
        )

    def before_last(self, count: int) -> Position | None:
        """The position before the last `count` lines; None if there are not that many here."""
        cursor = self.head
        while count > 0 and cursor > self.tail:
            cursor -= 1
            count -= len(self._segments[cursor])
        if count > 0:
            return None
        skipped = islice(self._segments[cursor].lines(), -count) if count else ()
        return behind(skipped, self.before(cursor))
