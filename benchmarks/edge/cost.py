"""CPU of a request, layer by layer: user and system time of the server's process, by the requests that it
answered."""

import asyncio
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field

import psutil
import uvloop

from benchmarks.http_load import Connection, request
from benchmarks.hub.found import Found
from dev.paths import ROOT

PAY = request("POST", "/pay", "amount=12.50&currency=EUR&reference=r17")
HEALTH = request("GET", "/healthz").replace(
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n", b""
)
ROUNDS, REQUESTS, CALLERS = 9, 4000, 8
MOST_OVER_STARLETTE = 150  # µs


@dataclass
class Layer:
    what: str
    server: str
    request: bytes
    microseconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.microseconds)


def layers() -> Iterator[Found]:
    """In turn, so that a machine that changes its speed changes it for all."""
    uvicorn = Layer("bare uvicorn, an ASGI app of six lines", "uvicorn", PAY)
    starlette = Layer("bare Starlette, one JSON route", "starlette", PAY)
    health = Layer("the edge, GET /healthz", "edge", HEALTH)
    pay = Layer("the edge, POST /pay without its database", "edge", PAY)
    measured = [uvicorn, starlette, health, pay]
    with running({one.server for one in measured}) as servers:
        for number in range(-1, ROUNDS):  # the first is for what is made once
            for one in measured:
                took = uvloop.run(cost(servers[one.server], one.request))
                if number >= 0:
                    one.microseconds.append(took)
    for one in measured:
        least, most = min(one.microseconds), max(one.microseconds)
        over = one.median - starlette.median
        yield Found(
            one.what,
            f"{one.median:.0f} µs of CPU a request ({least:.0f} to {most:.0f}), {over:+.0f} over bare Starlette",
            f"+{MOST_OVER_STARLETTE} µs" if one is pay else "",
        )


@contextmanager
def running(names: set[str]) -> Iterator[dict[str, tuple[int, psutil.Process]]]:
    """The port and the process of each."""
    started = {
        name: subprocess.Popen(
            [sys.executable, "-m", "benchmarks.edge.layers", name],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in sorted(names)
    }
    try:
        yield {
            name: (int((process.stdout or sys.stdin).readline()), psutil.Process(process.pid))
            for name, process in started.items()
        }
    finally:
        for process in started.values():
            process.terminate()
            process.wait(10)


async def cost(server: tuple[int, psutil.Process], sent: bytes) -> float:
    """Microseconds of one request, of REQUESTS over CALLERS connections."""
    port, process = server
    async with AsyncExitStack() as stack:
        ways = [await stack.enter_async_context(Connection(port)) for _ in range(CALLERS)]
        before = sum(process.cpu_times()[:2])

        async def caller(way: Connection) -> None:
            for _ in range(REQUESTS // CALLERS):
                status, body = await way.send(sent)
                assert status in (200, 201), body

        await asyncio.gather(*map(caller, ways))
        return (sum(process.cpu_times()[:2]) - before) / REQUESTS * 1e6
