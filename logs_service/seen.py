"""Remembers the ids that were shown, so that a repetition on the topic is not shown. Bounded, no I/O."""

from binascii import unhexlify
from collections import deque
from hashlib import blake2b


class Seen:
    """The last `window` distinct ids, 16 bytes each (about 110 bytes with the containers)."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._ids: set[bytes] = set()
        self._order: deque[bytes] = deque()

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, event_id: bytes) -> bool:
        """Remember the id; False if it was known."""
        compact = _compact(event_id)
        if compact in self._ids:
            return False
        self._ids.add(compact)
        self._order.append(compact)
        if len(self._order) > self._window:
            self._ids.remove(self._order.popleft())
        return True


def _compact(event_id: bytes) -> bytes:
    """A UUID as its 16 bytes; anything else, of any length, as a digest of that size."""
    if len(event_id) == 36:
        try:
            return unhexlify(event_id.replace(b"-", b""))
        except ValueError:
            pass
    return blake2b(event_id, digest_size=16).digest()
