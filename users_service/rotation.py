"""Which key signs, and when one may be forgotten. Pure rules over what the documents of all keys say.

A key goes through these states: *published*, on its way to the topic; *readable*, known to whoever looks, and not
used yet; *signing*; *expiring*, while tokens that it signed may still count; *retired*. A *withdrawn* one never
counts again. Times in seconds since 1970.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

# A replica signs with what it has seen for at most so long after it looked: the others may use a new key by then.
STALE_SECONDS = 30.0
# How much longer than its tokens a key is kept: for that replica, and for clocks that differ by some seconds.
SPARE_SECONDS = 60.0

KeyState = Literal["published", "readable", "signing", "expiring", "retired", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Key:
    """What counts of a key's document."""

    number: int
    readable_at: float | None  # since when it is known to be on the topic
    lifetime: int  # seconds, of the longest token that it was to sign
    retired: bool
    withdrawn: bool

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        return cls(
            document["_id"],
            document.get("readable_at"),
            document.get("lifetime", 0),
            document.get("retired", False),
            document.get("withdrawn", False),
        )

    @property
    def counts(self) -> bool:
        return not (self.retired or self.withdrawn)


@dataclass(frozen=True, slots=True)
class Rotation:
    """All keys at one moment. `wait`: how many seconds a new key is readable before it signs."""

    keys: Sequence[Key]
    wait: float
    now: float

    @property
    def signing(self) -> Key | None:
        """The newest that has been readable for long enough; while there is none, the oldest readable one at once:
        nobody could log in otherwise."""
        readable = [key for key in self._counting() if key.readable_at is not None]
        settled = [key for key in readable if self._signs_from(key) <= self.now]
        return (settled[-1] if settled else readable[0]) if readable else None

    @property
    def coming(self) -> Key | None:
        """A key that does not sign yet, and will."""
        newest = self._counting()[-1:]
        return newest[0] if newest and newest[0] != self.signing else None

    def due(self) -> list[Key]:
        """Keys whose tokens have all expired."""
        return [key for key in self._counting() if (self.expires_at(key) or self.now) < self.now]

    def expires_at(self, key: Key) -> float | None:
        """When the last of its tokens has; None while it signs or will."""
        later = [other for other in self._counting() if other.number > key.number]
        starts = [self._signs_from(other) for other in later if other.readable_at is not None]
        if not starts or min(starts) > self.now:
            return None
        return min(starts) + key.lifetime + SPARE_SECONDS

    def next_change(self) -> float:
        """Seconds until another key signs or one may be retired; much if nothing is to come."""
        times = [self._signs_from(key) for key in self._counting() if key.readable_at is not None]
        times += [end for key in self._counting() if (end := self.expires_at(key)) is not None]
        return min((time - self.now for time in times if time > self.now), default=float("inf"))

    def state(self, key: Key) -> KeyState:
        if key.withdrawn:
            return "withdrawn"
        if key.retired:
            return "retired"
        if key == self.signing:
            return "signing"
        if self.expires_at(key) is not None:
            return "expiring"
        return "published" if key.readable_at is None else "readable"

    def signs_in(self, key: Key) -> float | None:
        """Seconds until it signs, as far as that is known."""
        return None if key.readable_at is None else max(0.0, self._signs_from(key) - self.now)

    def _counting(self) -> list[Key]:
        return [key for key in self.keys if key.counts]

    def _signs_from(self, key: Key) -> float:
        assert key.readable_at is not None
        return key.readable_at + self.wait
