"""How long to wait before the next attempt, and what to do with a rival who keeps fencing us."""

import asyncio
import random
import time
from collections import deque

FIRST, LONGEST = 0.1, 5.0  # seconds


class Backoff:
    """0.1 s, doubling to 5 s, each with jitter, so that replicas do not come back in step."""

    def __init__(self, first: float = FIRST, longest: float = LONGEST) -> None:
        self._first, self._longest, self._next = first, longest, first

    def reset(self) -> None:
        self._next = self._first

    async def wait(self) -> None:
        delay, self._next = self._next, min(2 * self._next, self._longest)
        await asyncio.sleep(delay * random.uniform(0.5, 1.0))


class Rivalry:
    """A fence now and then is a transaction that ran out of time; three in a minute are another process."""

    TIMES, SECONDS = 3, 60.0

    def __init__(self) -> None:
        self._fenced: deque[float] = deque(maxlen=self.TIMES)

    def fenced(self) -> bool:
        """Notes a fence; True if there is a rival who has our transactional id."""
        self._fenced.append(time.monotonic())
        return len(self._fenced) == self.TIMES and self._fenced[-1] - self._fenced[0] < self.SECONDS
