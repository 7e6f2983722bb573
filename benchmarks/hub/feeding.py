"""The same lines for every server that is measured, from memory: how fast, for how long, and what it cost.

A server prints its port, then answers each load that it reads from stdin; it ends with stdin. Standard library alone.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count

from benchmarks.hub.lines import KINDS

AT_ONCE = 100  # lines that are due: who is late gets no more in one go
BATCH = 1_000  # lines at once when it goes as fast as it can, as from a backlog
SHORTEST_SLEEP = 0.001  # seconds; uvloop takes half of that for none, and would go round and round
LAST_TICK = 0.05  # seconds for what was published last to leave

Publish = Callable[[list[bytes]], Awaitable[None]]


@dataclass(frozen=True)
class Load:
    rate: float  # lines a second; 0: the next batch as soon as all clients have taken the last one
    seconds: float
    lines: int = 0  # the most; 0: no limit
    kind: str = "timed"  # of KINDS
    tick: float = SHORTEST_SLEEP  # seconds: what is due meanwhile goes in one batch


class Feeder:
    """`taken`: nothing waits in the server for any client. `tell`: what else it has to say about itself."""

    def __init__(
        self, publish: Publish, taken: Callable[[], bool], tell: Callable[[], dict[str, float]] = dict
    ) -> None:
        self._publish, self._taken, self._tell = publish, taken, tell
        self._numbers = count()

    async def serve(self, port: int) -> None:
        print(port, flush=True)
        loop = asyncio.get_running_loop()
        while order := await loop.run_in_executor(None, sys.stdin.readline):
            print(json.dumps(await self._answer(Load(**json.loads(order)))), flush=True)
        os._exit(0)

    async def _answer(self, load: Load) -> dict[str, float]:
        begun, cpu = time.monotonic(), time.process_time()
        lines = await (self._at_a_rate(load) if load.rate else self._as_fast_as_possible(load))
        used, passed = time.process_time() - cpu, time.monotonic() - begun
        tasks = len(asyncio.all_tasks())
        return {"cpu": used, "seconds": passed, "lines": lines, "tasks": tasks, **self._tell()}

    async def _at_a_rate(self, load: Load) -> int:
        """A line counts from when it was due, whether or not the server was free then."""
        begun, sent = time.monotonic_ns(), 0
        step, make = 1e9 / load.rate, KINDS[load.kind]
        while (passed := time.monotonic_ns() - begun) < load.seconds * 1e9:
            due = range(sent + 1, min(int(passed / step), sent + AT_ONCE) + 1)
            if due:
                await self._publish([make(next(self._numbers), begun + int(nth * step)) for nth in due])
                sent += len(due)
            wait = begun + (sent + 1) * step - time.monotonic_ns()
            await asyncio.sleep(max(load.tick, wait / 1e9))
        await asyncio.sleep(LAST_TICK)
        return sent

    async def _as_fast_as_possible(self, load: Load) -> int:
        end, sent, make = time.monotonic() + load.seconds, 0, KINDS[load.kind]
        while (now := time.monotonic()) < end and (not load.lines or sent < load.lines):
            due = int(now * 1e9)
            await self._publish([make(next(self._numbers), due) for _ in range(BATCH)])
            sent += BATCH
            await asyncio.sleep(0)
            while not self._taken():  # noqa: ASYNC110  # it is asked of each server alike
                await asyncio.sleep(0.001)  # a wait costs nothing: CPU seconds are what counts
        return sent
