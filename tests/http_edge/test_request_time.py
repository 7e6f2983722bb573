"""The head of a request, and then its body, must be here in time; who only connects is not kept for ever."""

import asyncio
import contextlib
import gc
import socket
import time
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import ClassVar

import pytest
import uvicorn
from starlette.applications import Starlette
from uvicorn.config import HTTPProtocolType

from http_edge import EdgeSettings, edge, server
from http_edge.request_time import timed
from tests.http_edge.conftest import OPERATIONS

PARSERS: list[HTTPProtocolType] = ["httptools", "h11"]
SHORT = 0.3
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
UPGRADE = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


class Handed(asyncio.Protocol):
    """What an upgraded connection is handed to; it only listens."""

    made: ClassVar["weakref.WeakSet[Handed]"] = weakref.WeakSet()

    def __init__(self, **_: object) -> None:
        self.made.add(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport


@dataclass
class Edge:
    port: int
    server: uvicorn.Server
    opened: "list[Connection]" = field(default_factory=list)

    async def connect(self) -> "Connection":
        self.opened.append(Connection(*await asyncio.open_connection("127.0.0.1", self.port)))
        return self.opened[-1]


@dataclass
class Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def status(self) -> int:
        """Of the next answer, which is read whole."""
        async with asyncio.timeout(5):
            head = await self.reader.readuntil(b"\r\n\r\n")
            (length,) = (
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length")
            )
            await self.reader.readexactly(length)
        return int(head.split()[1])

    async def rest(self) -> bytes:
        """Until the server closes."""
        async with asyncio.timeout(5):
            return await self.reader.read()

    def close(self) -> None:
        self.writer.close()


Serve = Callable[..., Awaitable[Edge]]


@asynccontextmanager
async def an_edge(parser: HTTPProtocolType, seconds: float = SHORT) -> AsyncIterator[Edge]:
    app = edge("test", "Serves tests.", EdgeSettings(port=0, request_seconds=seconds), operations=OPERATIONS)
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, http=timed(seconds, parser), ws=Handed, log_config=None, lifespan="on")
    running = uvicorn.Server(config)
    served = asyncio.create_task(running._serve([listening]))
    async with asyncio.timeout(5):
        while not running.started:
            await asyncio.sleep(0.005)
    edge_of_test = Edge(listening.getsockname()[1], running)
    try:
        yield edge_of_test
    finally:
        running.should_exit = True
        for connection in edge_of_test.opened:
            connection.close()
        for handed in Handed.made:
            handed.transport.close()
        await asyncio.wait_for(served, 5)


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    async with AsyncExitStack() as stack:

        async def start(parser: HTTPProtocolType, seconds: float = SHORT) -> Edge:
            return await stack.enter_async_context(an_edge(parser, seconds))

        yield start


def timers() -> int:
    """Timers of this package that are still due."""
    return sum(
        "TimedHead" in repr(one) for one in asyncio.get_running_loop()._scheduled if not one.cancelled()
    )  # type: ignore[attr-defined]


async def gone(edge: Edge) -> None:
    async with asyncio.timeout(5):
        while edge.server.server_state.connections:
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("parser", PARSERS)
async def test_who_sends_nothing_is_closed_without_a_word(serve: Serve, parser: HTTPProtocolType) -> None:
    connection = await (await serve(parser)).connect()
    began = time.monotonic()
    assert await connection.rest() == b""
    assert SHORT * 0.9 < time.monotonic() - began < SHORT + 1


# An empty line before a request is bad to h11 (400), and nothing yet to httptools.
@pytest.mark.parametrize(
    ("parser", "sent"),
    [*((parser, sent) for parser in PARSERS for sent in (b"G", GET[:-2])), ("httptools", b"\r\n")],
)
async def test_half_a_head_is_answered_with_408_and_closed(
    serve: Serve, parser: HTTPProtocolType, sent: bytes
) -> None:
    connection = await (await serve(parser)).connect()
    await connection.send(sent)
    head, _, body = (await connection.rest()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"\r\ncontent-type: application/problem+json" in head
    assert b"\r\nconnection: close" in head.lower()
    assert body.startswith(b'{"type":"about:blank","title":"Request Timeout","status":408,')


@pytest.mark.parametrize("parser", PARSERS)
async def test_each_byte_does_not_begin_the_time_anew(serve: Serve, parser: HTTPProtocolType) -> None:
    connection = await (await serve(parser)).connect()
    began = time.monotonic()
    answer = b""
    for byte in b"GET /" + b"x" * 50:
        await connection.send(bytes([byte]))
        with contextlib.suppress(TimeoutError):
            answer = await asyncio.wait_for(connection.reader.read(12), SHORT / 5)
            break
    assert answer == b"HTTP/1.1 408"
    assert time.monotonic() - began < SHORT + 1


@pytest.mark.parametrize("parser", PARSERS)
async def test_a_head_in_pieces_that_is_here_in_time_is_served(
    serve: Serve, parser: HTTPProtocolType
) -> None:
    connection = await (await serve(parser, 2)).connect()
    for byte in GET:
        await connection.send(bytes([byte]))
        await asyncio.sleep(0)
    assert await connection.status() == 200
    assert timers() == 0


@pytest.mark.parametrize("parser", PARSERS)
async def test_an_idle_connection_is_kept_and_half_of_its_next_head_is_not(
    serve: Serve, parser: HTTPProtocolType
) -> None:
    connection = await (await serve(parser)).connect()
    for _ in range(3):
        await connection.send(GET)
        assert await connection.status() == 200
    assert timers() == 0
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(connection.reader.read(1), SHORT * 2)
    await connection.send(GET[:-1])
    assert (await connection.rest()).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("parser", PARSERS)
async def test_pipelined_requests_are_served(serve: Serve, parser: HTTPProtocolType) -> None:
    connection = await (await serve(parser)).connect()
    await connection.send(GET * 5 + GET[:10])
    assert [await connection.status() for _ in range(5)] == [200] * 5
    await connection.send(GET[10:])
    assert await connection.status() == 200
    assert timers() == 0


@pytest.mark.parametrize("parser", PARSERS)
async def test_a_body_that_does_not_come_is_answered_with_408_and_closed(
    serve: Serve, parser: HTTPProtocolType
) -> None:
    connection = await (await serve(parser)).connect()
    await connection.send(POST % 10 + b'{"am')
    answer = await connection.rest()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"status":408' in answer


@pytest.mark.parametrize("parser", PARSERS)
async def test_a_connection_that_was_upgraded_has_no_timer(serve: Serve, parser: HTTPProtocolType) -> None:
    edge = await serve(parser)
    gc.collect()
    connection = await edge.connect()
    await connection.send(UPGRADE[:20])
    await asyncio.sleep(0.02)  # so that both halves arrive by themselves
    await connection.send(UPGRADE[20:])
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(connection.reader.read(1), SHORT * 2)
    assert len(Handed.made) == 1
    assert timers() == 0


@pytest.mark.parametrize("parser", PARSERS)
async def test_connections_that_are_gone_leave_nothing_behind(serve: Serve, parser: HTTPProtocolType) -> None:
    edge = await serve(parser, 60)
    connections = [await edge.connect() for _ in range(50)]
    for connection in connections[:25]:
        await connection.send(GET[:10])
    assert timers() == 50
    left = [weakref.ref(one) for one in edge.server.server_state.connections]
    for connection in connections:
        connection.close()
    await gone(edge)
    assert timers() == 0
    gc.collect()
    assert [one() for one in left] == [None] * 50


async def test_a_service_gives_the_time_of_its_settings() -> None:
    app: Starlette = edge("test", "Serves tests.", EdgeSettings(port=0, request_seconds=7))
    config = server._config(app, {})
    config.load()
    assert config.http_protocol_class.seconds == 7  # type: ignore[attr-defined]
