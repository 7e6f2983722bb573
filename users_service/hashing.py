"""bcrypt beside the event loop: as many threads as there are cores, and a queue that ends where waiting is in vain.

A hash of cost 12 is 0.3 s of CPU. Unknown users and refused passwords cost the same as wrong ones, so that the time
of an answer tells nothing.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar, TypeVarTuple

import bcrypt
from prometheus_client import Gauge

from users_service.model import MOST_PASSWORD_BYTES

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

WAITING = Gauge("users_hashing_waiting", "requests that wait for their turn to hash")

# Seconds to wait for a turn and to have it. A call has five (`http_edge`); one is for the database and surprises.
PATIENCE = 4.0
# Of each turn in what a turn takes: the latest ten or so count.
WEIGHT = 0.1


class Busy(Exception):
    """Whoever came now would wait too long."""


class Hashing:
    """Hashes and checks passwords, in a turn that the caller waits for. A context manager.

    `rush` is called for each caller who has to wait.
    """

    def __init__(self, cost: int, threads: int, rush: Callable[[], None] = lambda: None) -> None:
        self._cost, self._threads, self._rush = cost, threads, rush
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="bcrypt")
        self._turns = asyncio.Semaphore(threads)
        self._waiting = 0
        began = time.perf_counter()
        self._dummy = bcrypt.hashpw(b"nobody has this password", bcrypt.gensalt(cost)).decode()
        self.turn_seconds = time.perf_counter() - began

    async def __aenter__(self) -> "Hashing":
        return self

    async def __aexit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[bool]:
        """Waits for a core, and tells whether it had to. Raises Busy, at once, if that would take too long."""
        if waits := self._turns.locked():
            if self.expected_seconds > PATIENCE:
                raise Busy
            self._rush()
        self._waiting += 1
        WAITING.set(self._waiting)
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
            WAITING.set(self._waiting)
        began = time.perf_counter()
        try:
            yield waits
        finally:
            self._turns.release()
            self.turn_seconds += WEIGHT * (time.perf_counter() - began - self.turn_seconds)

    @property
    def expected_seconds(self) -> float:
        """Until whoever comes now, and finds all cores taken, has had a turn."""
        return self.turn_seconds * ((self._waiting + 1) / self._threads + 1)

    async def hash(self, password: str) -> str:
        """Within a turn. The password has at most 72 bytes."""
        salt = bcrypt.gensalt(self._cost)
        return (await self.in_thread(bcrypt.hashpw, password.encode(), salt)).decode()

    async def matches(self, password: str, stored: str | None) -> bool:
        """Within a turn. False for an unknown user (None) or a password that nobody can have; as slowly."""
        raw = password.encode()
        possible = stored is not None and len(raw) <= MOST_PASSWORD_BYTES
        against = stored if possible and stored is not None else self._dummy
        same = await self.in_thread(bcrypt.checkpw, raw[:MOST_PASSWORD_BYTES], against.encode())
        return possible and same

    def is_outdated(self, stored: str) -> bool:
        """Whether it was hashed when a hash cost less than today. `$2b$12$…`: the cost is the second part."""
        return int(stored.split("$")[2]) < self._cost

    async def in_thread(self, function: Callable[[*Ts], T], *arguments: *Ts) -> T:
        """Within a turn: something else that takes as much CPU."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)
