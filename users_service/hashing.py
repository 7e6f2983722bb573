"""bcrypt beside the event loop: as many threads as there are cores, and a queue with an end.

A hash of cost 12 is 0.3 s of CPU. Unknown users and refused passwords cost the same as wrong ones, so that the time
of an answer tells nothing.
"""

import asyncio
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


class Busy(Exception):
    """The queue is full."""


class Hashing:
    """Hashes and checks passwords, in a turn that the caller waits for. A context manager.

    `rush` is called for each caller who has to wait.
    """

    def __init__(self, cost: int, threads: int, queue: int, rush: Callable[[], None] = lambda: None) -> None:
        self._cost, self._queue, self._rush = cost, queue, rush
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="bcrypt")
        self._turns = asyncio.Semaphore(threads)
        self._waiting = 0
        self._dummy = bcrypt.hashpw(b"nobody has this password", bcrypt.gensalt(cost)).decode()

    async def __aenter__(self) -> "Hashing":
        return self

    async def __aexit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[bool]:
        """Waits for a core, and tells whether it had to. Raises Busy when too many wait already."""
        if self._waiting >= self._queue:
            raise Busy
        if waits := self._turns.locked():
            self._rush()
        self._waiting += 1
        WAITING.set(self._waiting)
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
            WAITING.set(self._waiting)
        try:
            yield waits
        finally:
            self._turns.release()

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
