"""The event loop of one process of the model: runs what is ready, and lets time pass only when it is told to.

It is what makes the services' own coroutines step by step: between two steps nothing of them moves. It must not
know what a step is.
"""

import asyncio
import heapq
from asyncio import events
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context
from typing import Any, TypeVar

T = TypeVar("T")


class Clock:
    """The time of the whole world, in seconds. A process may be late by any amount, never early."""

    def __init__(self) -> None:
        self.now = 0.0


class Loop:
    """An event loop by the few methods that tasks, futures, locks and time-outs call."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._self: Any = self  # as asyncio's types want it
        self._ready: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._counted = 0
        self.tasks: list[asyncio.Task[Any]] = []

    def run(self) -> None:
        """Until nothing is ready any more."""
        before = events._get_running_loop()
        events._set_running_loop(self._self)
        try:
            while self._ready:
                self._ready.popleft()._run()
        finally:
            events._set_running_loop(before)

    def wake(self) -> bool:
        """Lets the earliest timer ring, and the clock be at least there; False if there is none."""
        while self._timers:
            when, _, timer = heapq.heappop(self._timers)
            if not timer.cancelled():
                self._clock.now = max(self._clock.now, when)
                self._ready.append(timer)
                self.run()
                return True
        return False

    def next_timer(self) -> float | None:
        while self._timers and self._timers[0][2].cancelled():
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def close(self) -> None:
        """Cancels what is left and lets it end; whoever is asked for something meanwhile must refuse."""
        for task in self.tasks:
            task.cancel()
        self.run()
        while any(not task.done() for task in self.tasks) and self.wake():
            pass
        self.tasks.clear()
        self._timers.clear()

    # What asyncio calls

    def call_soon(
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self._self, context)
        self._ready.append(handle)
        return handle

    def call_at(
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, callback, args, self._self, context)
        self._counted += 1  # timers of one moment ring in the order in which they were set
        heapq.heappush(self._timers, (when, self._counted, timer))
        return timer

    def call_later(
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._clock.now + delay, callback, *args, context=context)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Passed over when its time comes."""

    def time(self) -> float:
        return self._clock.now

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self._self)

    def create_task(
        self,
        coro: Generator[Any, None, T] | Coroutine[Any, Any, T],
        *,
        name: str | None = None,
        context: Context | None = None,
    ) -> asyncio.Task[T]:
        task: asyncio.Task[T] = asyncio.Task(coro, loop=self._self, name=name, context=context)
        self.tasks.append(task)
        return task

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Nobody retrieved an error: so it is when a process dies. A service says its own bugs by `stop`."""
