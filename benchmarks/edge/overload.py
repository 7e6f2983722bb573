"""Ten times the load that can be served: what each caller is told, and after how long; what it costs in memory."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import psutil
import uvloop

from benchmarks.core import hashes
from benchmarks.edge.slow_clients import LOGIN, WHO
from benchmarks.http_load import Connection, percentile, request
from benchmarks.hub.found import MIB, Found
from benchmarks.running_shop import RunningShop
from http_edge.sockets import raise_file_limit

SECONDS = 25.0
TIMES = 10
PAYERS = 2500  # at once; more than twice as many as may be in work
ANSWERED_WITHIN = 5.5  # seconds
PAY = request("POST", "/pay")


@dataclass
class Answers:
    """`wrong`: what is neither a 2xx nor a 429 or 503 as they must be."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    refused: list[float] = field(default_factory=list)
    wrong: list[bytes] = field(default_factory=list)

    def add(self, seconds: float, status: int, head: bytes, body: bytes) -> None:
        self.seconds.append(seconds)
        self.statuses[status] += 1
        if status in (429, 503):
            self.refused.append(seconds)
            told = b"\r\nretry-after: " in head.lower() and b"application/problem+json" in head
            self.wrong += [] if told else [head + body]
        elif not 200 <= status < 300:
            self.wrong.append(head + body)

    def __str__(self) -> str:
        told = ", ".join(f"{number:,} times {status}" for status, number in sorted(self.statuses.items()))
        return f"{told}; p50 {percentile(self.seconds, 0.5):.2f} s, at most {max(self.seconds):.2f} s"


async def offer(port: int, sent: bytes, rate: float, seconds: float) -> Answers:
    """An open loop: each request starts on its time, on a free connection or a new one."""
    answers = Answers()
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        free: list[Connection] = []
        begun = loop.time()

        async def call() -> None:
            way = free.pop() if free else await stack.enter_async_context(Connection(port))
            await _ask(way, sent, answers)
            free.append(way)

        for number in range(int(rate * seconds)):
            await asyncio.sleep(begun + number / rate - loop.time())
            group.create_task(call())
    return answers


async def crowd(port: int, sent: bytes, callers: int, seconds: float) -> Answers:
    """So many callers at once, each with its next request as soon as it has an answer."""
    answers = Answers()
    end = time.perf_counter() + seconds

    async def caller() -> None:
        async with Connection(port) as way:
            while time.perf_counter() < end:
                await _ask(way, sent, answers)

    async with asyncio.TaskGroup() as group:
        for _ in range(callers):
            group.create_task(caller())
    return answers


async def _ask(way: Connection, sent: bytes, answers: Answers) -> None:
    began = time.perf_counter()
    status, body = await way.send(sent)
    answers.add(time.perf_counter() - began, status, way.head, body)


async def most_memory(process: psutil.Process) -> int:
    """Bytes, until cancelled."""
    most = 0
    try:
        while True:
            most = max(most, process.memory_info().rss)
            await asyncio.sleep(0.1)
    except asyncio.CancelledError:
        return most


def beyond_capacity(shop: RunningShop) -> Iterator[Found]:
    raise_file_limit()
    can = hashes(os.cpu_count() or 1, 5)
    uvloop.run(_register(shop))
    logins = offer(shop.port("users_service"), LOGIN, can * TIMES, SECONDS)
    what = f"/login, {can * TIMES:.0f}/s offered, {can:.1f}/s can be hashed"
    yield from uvloop.run(_measured(what, logins, shop.process("users_service")))
    payers = crowd(shop.port("payments_service"), PAY, PAYERS, SECONDS)
    yield from uvloop.run(_measured(f"/pay, {PAYERS:,} at once", payers, shop.process("payments_service")))


async def _register(shop: RunningShop) -> None:
    async with Connection(shop.port("users_service")) as connection:
        await connection.send(request("POST", "/register", WHO))


async def _measured(
    what: str, load: Coroutine[object, object, Answers], process: psutil.Process
) -> list[Found]:
    before = process.memory_info().rss
    watching = asyncio.create_task(most_memory(process))
    answers = await load
    watching.cancel()
    most, after = await watching, process.memory_info().rss
    memory = [f"{size / MIB:.0f} MiB" for size in (before, most, after)]
    return [
        Found(what, str(answers), f"{ANSWERED_WITHIN} s"),
        Found("  not as it must be", f"{len(answers.wrong)} {answers.wrong[:1] or ''}".strip(), "0"),
        Found("  refused: p50, p99", _milliseconds(answers.refused)),
        Found("  resident memory before, at most, after", ", ".join(memory)),
    ]


def _milliseconds(seconds: list[float]) -> str:
    if not seconds:
        return "none"
    return ", ".join(f"{percentile(seconds, share) * 1e3:.0f} ms" for share in (0.5, 0.99))
