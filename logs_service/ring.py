"""The last lines, once for all clients: a ring of segments bounded by bytes. No I/O, no clock.

A segment is the frames of one flush, joined. A *cursor* is the number of the next segment to send: all that
the hub remembers of a client that follows. `head` is the cursor of whoever has everything; what is below `tail` is
gone. `before(cursor)` is the position in the topic of whoever is there.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import islice

from logs_service.forms import Form, Line, frames, raw
from logs_service.frames import frame_head
from logs_service.position import NOTHING, UNSTAMPED, Mark, Position, covers, stamp

# What a segment costs beside its frames and places: its objects and the entry of the dict, measured with
# tracemalloc and rounded up. Without it a ring of one-line segments would take three times what its bound says.
_OVERHEAD = 768


class Evicted(Exception):
    """The cursor points at a segment that the ring no longer holds."""


class Segment:
    """Whole WebSocket frames, ready to be written, and of which records they are."""

    __slots__ = ("_forms", "_places", "before", "frames")

    def __init__(self, lines: Sequence[Line], joined: bytes, before: Position) -> None:
        self.frames = joined
        self.before = before
        # Four numbers a line: as objects they would be larger than the line.
        self._places = array(
            "q",
            [n for partition, offset, time, text in lines for n in (partition, offset, time, len(text))],
        )
        self._forms: dict[Form, bytes] = {}

    @property
    def cost(self) -> int:
        encoded = sum(map(len, self._forms.values()))
        return len(self.frames) + encoded + len(self._places) * self._places.itemsize + _OVERHEAD

    def __len__(self) -> int:
        return len(self._places) // 4

    def lines(self) -> Iterator[Line]:
        at = 0
        numbers = iter(self._places)
        for partition, offset, time, size in zip(numbers, numbers, numbers, numbers, strict=True):
            at += frame_head(size)
            yield Line(partition, offset, time, self.frames[at : at + size])
            at += size

    def encoded(self, form: Form) -> bytes:
        if form not in self._forms:
            self._forms[form], _ = frames(form, self.lines(), self.before)
        return self._forms[form]


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
        reached = dict(self.position)
        for line in {line.partition: line for line in lines}.values():  # the last one of each
            reached[line.partition] = Mark(line.offset, stamp(line.time))
        self.position = reached
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
        """The frames of a segment in this form. They are kept, which may evict up to this segment, no further."""
        segment = self._segments[cursor]
        if form is raw:
            return segment.frames
        cost = segment.cost
        encoded = segment.encoded(form)
        if segment.cost > cost:
            self._grow(segment.cost - cost)
        return encoded

    def since(self, cursor: int, limit_bytes: int, form: Form = raw) -> tuple[bytes, int]:
        """What follows the cursor: whole segments up to the limit but at least one, and the next cursor."""
        if cursor < self.tail:
            raise Evicted(f"segment {cursor} is gone, the oldest is {self.tail}")
        parts: list[bytes] = []
        size = 0
        while cursor < self.head:
            part = self.encoded(cursor, form)
            if parts and size + len(part) > limit_bytes:
                break
            parts.append(part)
            size += len(part)
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
            line[:2] == (partition, mark.offset) and stamp(line.time) == mark.stamp
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
        position = self.before(cursor)
        skipped = islice(self._segments[cursor].lines(), -count) if count else ()
        return frames(raw, skipped, position)[1]
