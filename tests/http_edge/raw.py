"""An edge that is served for real on a loopback port, in the test's own loop, and connections that send any bytes."""

import asyncio
import socket
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

import uvicorn
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from http_edge import EdgeSettings, Operation, bounded, edge
from http_edge.sockets import listen

SHORT = 0.3
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
UPGRADE = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
PIECE, LARGE = 16 * 1024, 2 * 1024 * 1024  # bytes of an answer; more than the kernel takes off us


async def endless(request: Request) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        while True:
            yield bytes(PIECE)
            await asyncio.sleep(0)

    return StreamingResponse(pieces())


async def large(request: Request) -> Response:
    return Response(bytes(LARGE))


async def piece(request: Request) -> Response:
    return Response(bytes(PIECE))


ANSWERS = [Operation("GET", f"/{answer.__name__}", answer) for answer in (endless, large, piece)]


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
        """The kernel keeps little for it: who does not read is noticed soon."""
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        raw.setblocking(False)
        await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", self.port))
        self.opened.append(Connection(*await asyncio.open_connection(sock=raw)))
        return self.opened[-1]

    async def deserted(self) -> None:
        """Until no connection is left."""
        async with asyncio.timeout(5):
            while self.server.server_state.connections:
                await asyncio.sleep(0.005)


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
async def an_edge(operations: Sequence[Operation], seconds: float, **bounds: Any) -> AsyncIterator[Edge]:
    """`bounds`: attributes of its connections, in place of their own."""
    app = edge("test", "Serves tests.", EdgeSettings(port=0, request_seconds=seconds), operations=operations)
    (listening,) = listen("127.0.0.1", 0)
    connections = type("Connections", (bounded(seconds),), bounds)
    config = uvicorn.Config(app, http=connections, ws=Handed, log_config=None, lifespan="on")
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


def timers() -> int:
    """That may still end a connection, but for uvicorn's own of an idle one."""
    loop: Any = asyncio.get_running_loop()
    names = ("._give_up", "._look", "abort")
    return sum(any(name in repr(one) for name in names) for one in loop._scheduled if not one.cancelled())
