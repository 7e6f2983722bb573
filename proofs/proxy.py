"""A TCP proxy that fails on demand: it stands between the services and Kafka, or between them and the database.

It must not know what it carries. What it was given by one side it hands to the other even when the giver has gone
meanwhile, as a network does: so a request may arrive long after whoever sent it gave up.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from enum import Enum
from typing import Self

MOST = 65_536  # bytes read at once

Pieces = Callable[[asyncio.StreamReader], AsyncIterator[bytes]]
Hold = Callable[[bytes], Awaitable[None]]
End = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Whatever has come."""
    while data := await reader.read(MOST):
        yield data


class Way(Enum):
    """Requests go from the services to the server, answers come back."""

    REQUESTS = "requests"
    ANSWERS = "answers"


class Lane:
    """One way through the proxy, of all its connections."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self.hold: Hold | None = None  # awaited with each piece before it goes on
        self.mend()

    def mend(self) -> None:
        self.delay, self.piece, self.pause = 0.0, MOST, 0.0
        self._open.set()

    def block(self) -> None:
        self._open.clear()

    async def carry(self, pieces: AsyncIterator[bytes], to: asyncio.StreamWriter) -> None:
        async for data in pieces:
            if self.hold:
                await self.hold(data)
            await asyncio.sleep(self.delay)
            at = 0
            while at < len(data):
                await self._open.wait()
                to.write(data[at : at + self.piece])
                await to.drain()
                at += self.piece
                await asyncio.sleep(self.pause if at < len(data) else 0)

    async def passes(self) -> None:
        await self._open.wait()


class Proxy:
    """From a port of 127.0.0.1 to another one, while the context lasts. `pieces` cuts what is asked into units.

    With a `certificate` clients speak TLS to it.
    """

    def __init__(
        self, port: int, target: int, pieces: Pieces = chunks, certificate: ssl.SSLContext | None = None
    ) -> None:
        self.port, self.target, self._pieces, self._certificate = port, target, pieces, certificate
        self.lanes = {way: Lane() for way in Way}
        self._cut = False
        self._connections: dict[asyncio.Task[object], list[asyncio.StreamWriter]] = {}

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self._certificate)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        connections = list(self._connections)
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    def cut(self) -> None:
        """Every connection is reset, and every new one at once."""
        self._cut = True
        for writers in self._connections.values():
            for writer in writers:
                writer.transport.abort()

    def block(self, *ways: Way) -> None:
        """Connections stand, new ones are taken, and nothing passes on these ways (both, if none is named)."""
        for way in ways or Way:
            self.lanes[way].block()

    def delay(self, seconds: float, *ways: Way) -> None:
        """Each piece comes so much later."""
        for way in ways or Way:
            self.lanes[way].delay = seconds

    def drip(self, size: int, pause: float, *ways: Way) -> None:
        """So many bytes at a time, with a pause in seconds between them."""
        for way in ways or Way:
            self.lanes[way].piece, self.lanes[way].pause = size, pause

    def mend(self) -> None:
        """Everything passes again, and what was held back goes on now."""
        self._cut = False
        for lane in self.lanes.values():
            lane.mend()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections[task] = [writer]
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):  # a server's task has nobody to tell
                if not self._cut:
                    await self._connect(task, (reader, writer))
        finally:
            for open_still in self._connections.pop(task):
                open_still.transport.abort()

    async def _connect(self, task: "asyncio.Task[object]", client: End) -> None:
        server = await asyncio.open_connection("127.0.0.1", self.target)
        self._connections[task].append(server[1])
        await asyncio.gather(
            _carry(self.lanes[Way.REQUESTS], self._pieces, client, server),
            _carry(self.lanes[Way.ANSWERS], chunks, server, client),
        )


async def _carry(lane: Lane, pieces: Pieces, giver: End, taker: End) -> None:
    """Until the giver has closed and all that he gave is handed over, or the taker takes nothing any more."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        await lane.carry(pieces(giver[0]), taker[1])
    await lane.passes()  # nor does the other side learn before that this one has closed
    with contextlib.suppress(OSError, RuntimeError):
        taker[1].write_eof()
