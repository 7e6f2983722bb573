"""A small HTTP/1.1 client for load on loopback: keep-alive, one request at a time on a connection.

A client library would take more of the two cores than the server that is measured.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable


class Connection(asyncio.Protocol):
    """Sends prepared requests and gives the status and the body; `head` is that of the latest answer."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._data = b""
        self.head = b""
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    async def __aenter__(self) -> "Connection":
        await self._connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._transport.close()

    async def send(self, request: bytes) -> tuple[int, bytes]:
        if self._transport.is_closing():  # by the server: nothing was sent on it for some seconds
            await self._connect()
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_connection(lambda: self, "127.0.0.1", self._port)

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, end, body = self._data.partition(b"\r\n\r\n")
        if not end or self._answer is None or self._answer.done():  # whoever asked was cancelled
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(body) >= length:
            self._data, self.head = b"", head
            self._answer.set_result((int(head[9:12]), body))

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionResetError())


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
