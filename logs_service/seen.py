"""Remembers where each id was first, so that a repetition on the topic is not shown. Bounded, no I/O."""

from binascii import unhexlify
from collections import deque
from hashlib import blake2b

_OFFSET_BITS = 48  # of a place packed into one number: an object each would take more than the ids


class Seen:
    """The last `window` distinct ids, 16 bytes each, with the place of the first (some 160 bytes all in all)."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._first: dict[bytes, int] = {}
        self._order: deque[bytes] = deque()

    def __len__(self) -> int:
        return len(self._first)

    def add(self, event_id: bytes, partition: int, offset: int) -> bool:
        """Remember the id; False if this is a repetition of one that is remembered."""
        compact, place = _compact(event_id), partition << _OFFSET_BITS | offset
        first = self._first.get(compact)
        if first is None:
            self._remember(compact, place)
        elif _repeats(place, first):
            return False
        else:
            self._first[compact] = place
        return True

    def repeats(self, event_id: bytes, partition: int, offset: int) -> bool:
        """Whether this is a repetition; remembers nothing."""
        first = self._first.get(_compact(event_id))
        return first is not None and _repeats(partition << _OFFSET_BITS | offset, first)

    def forget(self) -> None:
        self._first.clear()
        self._order.clear()

    def _remember(self, compact: bytes, place: int) -> None:
        self._first[compact] = place
        self._order.append(compact)
        if len(self._order) > self._window:
            del self._first[self._order.popleft()]


def _repeats(place: int, first: int) -> bool:
    """Who reads again what lies before or at the first meets no repetition: he has not seen it."""
    return place > first or place >> _OFFSET_BITS != first >> _OFFSET_BITS


def _compact(event_id: bytes) -> bytes:
    """A UUID as its 16 bytes; anything else, of any length, as a digest of that size."""
    if len(event_id) == 36:
        try:
            return unhexlify(event_id.replace(b"-", b""))
        except ValueError:
            pass
    return blake2b(event_id, digest_size=16).digest()
