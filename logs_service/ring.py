"""The last lines, once for all clients: a ring of segments bounded by bytes. No I/O, no clock.

A segment is the frames of one flush, joined. A *cursor* is the number of the next segment to send: all that
the hub remembers of a client. `head` is the cursor of whoever has everything; what is below `tail` is gone.
"""

from dataclasses import dataclass

# What a segment costs beside its frames: the two objects and the entry of the dict, measured with tracemalloc
# and rounded up. Without it a ring of one-line segments would take twice what its bound says.
_OVERHEAD = 256


class Evicted(Exception):
    """The cursor points at a segment that the ring no longer holds."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Whole WebSocket frames, ready to be written, and how many lines they are."""

    frames: bytes
    lines: int

    @property
    def cost(self) -> int:
        return len(self.frames) + _OVERHEAD


class Ring:
    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.bytes = 0
        self.head = 0
        self.tail = 0
        self._segments: dict[int, Segment] = {}

    def append(self, segment: Segment) -> None:
        """Put it at the head and evict the oldest until the bound holds; the newest always stays."""
        self._segments[self.head] = segment
        self.head += 1
        self.bytes += segment.cost
        while self.bytes > self.limit_bytes and self.tail < self.head - 1:
            self.bytes -= self._segments.pop(self.tail).cost
            self.tail += 1

    def since(self, cursor: int, limit_bytes: int) -> tuple[bytes, int]:
        """What follows the cursor: whole segments up to the limit but at least one, and the next cursor."""
        if cursor < self.tail:
            raise Evicted(f"segment {cursor} is gone, the oldest is {self.tail}")
        parts: list[bytes] = []
        size = 0
        while cursor < self.head:
            frames = self._segments[cursor].frames
            if parts and size + len(frames) > limit_bytes:
                break
            parts.append(frames)
            size += len(frames)
            cursor += 1
        return parts[0] if len(parts) == 1 else b"".join(parts), cursor
