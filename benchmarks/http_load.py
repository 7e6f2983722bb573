"""A small HTTP/1.1 client for load on loopback: keep-alive, one request at a time on a connection.

A client library would take more of the two cores than the server that is measured.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable


class Connection:
    """Sends prepared requests and gives the status and the body."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> "Connection":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def send(self, request: bytes) -> tuple[int, bytes]:
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        return int(head[9:12]), await self._reader.readexactly(length)


def request(method: str, path: str, body: str = "") -> bytes:
    form = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
    return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{form}\r\n{body}".encode()


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def closed_loop(callers: int, seconds: float, call: Callable[[int], Awaitable[None]]) -> list[float]:
    """So many callers, each with one call after the other, for so long. Seconds that each call took."""
    end = time.perf_counter() + seconds
    took: list[float] = []

    async def caller(number: int) -> None:
        while (begun := time.perf_counter()) < end:
            await call(number)
            took.append(time.perf_counter() - begun)

    async with asyncio.TaskGroup() as group:
        for number in range(callers):
            group.create_task(caller(number))
    return took
