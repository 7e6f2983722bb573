"""Concurrent callers share one write: what has come while others were written goes together in the next one.

There is no waiting window: the first caller of a quiet moment is written at once. Two writes are under way at a
time, so that this process works on the answers of one while the database works on the other. The second begins when
it is no smaller than the first: callers who were answered together come back one after the other, and a write for
each of them would cost nearly as much as one for all.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

WRITERS = 2
CROWD = 100  # callers within a moment: at 200 a second there are 40, whatever stalls them
MOMENT_SECONDS = 0.2  # some shared writes long

T = TypeVar("T")


class GroupCommit(Generic[T]):
    """`write` takes items and answers for each one None or the error that its caller gets, within `seconds`."""

    def __init__(
        self,
        write: Callable[[Sequence[T]], Awaitable[Sequence[Exception | None]]],
        most: int,
        seconds: float,
    ) -> None:
        self._write, self._most, self._seconds = write, most, seconds
        self._waiting: deque[tuple[T, asyncio.Future[None]]] = deque()
        self._writers: set[asyncio.Task[None] | None] = set()  # None is never in it
        self._under_way = 0  # items
        self._came: deque[float] = deque(maxlen=CROWD)  # when the latest callers came
        self._crowded_until = 0.0

    async def __call__(self, item: T) -> None:
        """Returns when `item` is written; TimeoutError when it took too long.

        Given up before its turn it is not written at all; later, nobody knows.
        """
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[None] = loop.create_future()
        limit = loop.call_later(self._seconds, _expire, outcome)
        self._waiting.append((item, outcome))
        if self._is_worth_a_write(len(self._writers)):
            self._writers.add(loop.create_task(self._drain()))
        self._note_arrival(loop.time())
        try:
            await outcome
        finally:
            limit.cancel()

    async def quiet(self) -> None:
        """Returns when there was no rush for a moment."""
        rest = self._crowded_until - asyncio.get_running_loop().time()
        if rest > 0:
            await asyncio.sleep(rest)
            await self.quiet()

    def _note_arrival(self, now: float) -> None:
        self._came.append(now)
        if len(self._came) == CROWD and now - self._came[0] < MOMENT_SECONDS:
            self.crowd()

    def crowd(self, seconds: float = MOMENT_SECONDS) -> None:
        """There is a rush, whoever it is that makes it, for so long at least."""
        self._crowded_until = max(self._crowded_until, asyncio.get_running_loop().time() + seconds)

    def _is_worth_a_write(self, others: int) -> bool:
        """Beside so many other writers. One of them will come back for what waits."""
        return others == 0 or (others < WRITERS and 0 < self._under_way <= len(self._waiting))

    async def _drain(self) -> None:
        try:
            while self._is_worth_a_write(len(self._writers) - 1) and (batch := self._next_batch()):
                await self._write_batch(batch)
        finally:
            self._writers.discard(asyncio.current_task())

    async def _write_batch(self, batch: Sequence[tuple[T, "asyncio.Future[None]"]]) -> None:
        outcomes: Sequence[Exception | None]
        self._under_way += len(batch)
        try:
            outcomes = await self._write([item for item, _ in batch])
        except Exception as error:
            outcomes = [error] * len(batch)
        finally:
            self._under_way -= len(batch)
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            _settle(future, outcome)

    def _next_batch(self) -> list[tuple[T, "asyncio.Future[None]"]]:
        batch: list[tuple[T, asyncio.Future[None]]] = []
        while self._waiting and len(batch) < self._most:
            item, future = self._waiting.popleft()
            if not future.done():
                batch.append((item, future))
        return batch


def _expire(future: "asyncio.Future[None]") -> None:
    _settle(future, TimeoutError())


def _settle(future: "asyncio.Future[None]", error: Exception | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
