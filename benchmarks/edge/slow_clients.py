"""Clients that take their time: heads, bodies and handshakes of which a byte comes now and then, and connections that
only wait. And how long everybody else waits beside them for a log-in."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

import uvloop

from benchmarks.http_load import Connection, percentile, request
from benchmarks.hub.found import Found
from benchmarks.running_shop import RunningShop
from http_edge.sockets import raise_file_limit

SLOW, IDLE = 500, 2000
LOGINS = 60  # each way
CLOSED_WITHIN = 12.0  # seconds; a head and a body may take ten
PACE = 0.5  # seconds between two bytes
HEAD = b"POST /login HTTP/1.1\r\nHost: localhost\r\nX: "
BODY = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n"
HANDSHAKE = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX: "
WHO = "username=bench&password=secret"
LOGIN = request("POST", "/login", WHO)


class SlowClient(asyncio.Protocol):
    """Begins, and then never comes to an end. `lived` seconds until the server closed; `status` of what it said."""

    def __init__(self, begin: bytes) -> None:
        self._begin = begin
        self.lived: float | None = None
        self.status = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._opened, self._transport = time.perf_counter(), transport
        transport.write(self._begin)

    def data_received(self, data: bytes) -> None:
        self.status = self.status or int(data[9:12])

    def connection_lost(self, error: Exception | None) -> None:
        self.lived = time.perf_counter() - self._opened

    def go_on(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(b"x")

    def close(self) -> None:
        self._transport.abort()


@asynccontextmanager
async def slow_clients(http_port: int, hub_port: int, number: int) -> AsyncIterator[list[SlowClient]]:
    """A third each of heads, bodies and handshakes."""
    loop = asyncio.get_running_loop()
    kinds = [(http_port, HEAD), (http_port, BODY), (hub_port, HANDSHAKE)]
    clients: list[SlowClient] = []
    going_on = asyncio.create_task(_go_on(clients))
    try:
        for at in range(number):
            port, begin = kinds[at % len(kinds)]
            _, client = await loop.create_connection(lambda begin=begin: SlowClient(begin), "127.0.0.1", port)
            clients.append(client)
        yield clients
    finally:
        going_on.cancel()
        for client in clients:
            client.close()


async def _go_on(clients: list[SlowClient]) -> None:
    while True:
        for client in clients:
            client.go_on()
        await asyncio.sleep(PACE)


@asynccontextmanager
async def idle_connections(port: int, number: int) -> AsyncIterator[None]:
    """Each has asked for something once, so it is kept."""
    async with AsyncExitStack() as stack:
        for _ in range(number):
            connection = await stack.enter_async_context(Connection(port))
            await connection.send(request("GET", "/healthz"))
        yield


async def closed(clients: list[SlowClient]) -> list[float]:
    """Until the server has closed all of them: how long each was there."""
    while True:
        lived = [client.lived for client in clients if client.lived is not None]
        if len(lived) == len(clients):
            return lived
        await asyncio.sleep(0.05)


async def logins(port: int, number: int) -> list[float]:
    """One after the other: seconds of each, until it has its token."""
    took = []
    async with Connection(port) as connection:
        for _ in range(number):
            began = time.perf_counter()
            while (await connection.send(LOGIN))[0] != 200:
                pass
            took.append(time.perf_counter() - began)
    return took


def beside_slow_clients(shop: RunningShop) -> Iterator[Found]:
    raise_file_limit()
    yield from uvloop.run(_beside_slow_clients(shop.port("users_service"), shop.port("logs_service")))


async def _beside_slow_clients(port: int, hub: int) -> list[Found]:
    async with Connection(port) as connection:
        await connection.send(request("POST", "/register", WHO))
    quiet = await logins(port, LOGINS // 2)
    loud, lived = await _loud(port, hub)
    quiet += await logins(port, LOGINS // 2)
    ratio = percentile(loud, 0.99) / percentile(quiet, 0.99)
    return [
        Found(
            f"{name}: log-in p50, p99",
            " ".join(f"{percentile(took, share) * 1e3:.0f} ms" for share in (0.5, 0.99)),
        )
        for name, took in (("quiet", quiet), (f"beside {SLOW} slow and {IDLE} idle connections", loud))
    ] + [
        Found(
            "p99 beside them, by p99 without",
            f"{ratio:.2f} times ({len(loud)} and {len(quiet)} log-ins)",
            "2 times",
        ),
        Found("slow ones are closed after", f"{max(lived):.1f} s at most", f"{CLOSED_WITHIN:g} s"),
    ]


async def _loud(port: int, hub: int) -> tuple[list[float], list[float]]:
    """As many log-ins as in quiet, beside slow clients who come again as soon as they were closed."""
    lived: list[float] = []
    took: list[float] = []

    async def slow() -> None:
        while True:
            async with slow_clients(port, hub, SLOW) as clients:
                lived.extend(await closed(clients))

    async with idle_connections(port, IDLE):
        coming = asyncio.create_task(slow())
        await asyncio.sleep(1)  # for all of them to be there
        took = await logins(port, LOGINS)
        while len(lived) < SLOW:
            took += await logins(port, 1)
        coming.cancel()
        await asyncio.wait([coming])
    return took, lived
