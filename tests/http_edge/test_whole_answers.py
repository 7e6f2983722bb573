"""Head and body of an answer are one write; a head whose body is not there yet does not wait for it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from http_edge import Operation
from tests.http_edge.raw import GET, POST, Connection, Edge, an_edge

LATE = GET.replace(b"healthz", b"late")
BROKEN = GET.replace(b"healthz", b"broken")
ECHO = POST.replace(b"orders", b"echo") % 4
ASKS_FIRST = ECHO[:-2] + b"Expect: 100-continue\r\n\r\n"


class HeadAlone(Response):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        raise RuntimeError("there is no body")


@pytest.fixture
def released() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
async def edge(released: asyncio.Event) -> AsyncIterator[Edge]:
    async def late(request: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            await released.wait()
            yield b"first"
            yield b"second"

        return StreamingResponse(pieces(), headers={"Content-Length": "11"})

    async def broken(request: Request) -> Response:
        return HeadAlone()

    async def echo(request: Request) -> Response:
        return Response(await request.body())

    operations = [Operation("GET", "/late", late), Operation("GET", "/broken", broken)]
    async with an_edge([*operations, Operation("POST", "/echo", echo)], 5) as served:
        yield served


async def spied_on(edge: Edge, connection: Connection) -> list[bytes]:
    """What the server writes to it from now on, each piece as it goes to the system."""
    async with asyncio.timeout(5):
        while not edge.server.server_state.connections:
            await asyncio.sleep(0.005)
    (served,) = edge.server.server_state.connections
    transport: Any = served.transport
    pieces: list[bytes] = []
    write = transport.write

    def noting(data: bytes) -> None:
        pieces.append(bytes(data))
        write(data)

    transport.write = noting
    return pieces


async def test_an_answer_is_one_write(edge: Edge) -> None:
    connection = await edge.connect()
    pieces = await spied_on(edge, connection)
    for number in (1, 2):
        await connection.send(GET)
        assert await connection.status() == 200
        assert len(pieces) == number


async def test_answers_to_pipelined_requests_keep_their_order(edge: Edge) -> None:
    connection = await edge.connect()
    pieces = await spied_on(edge, connection)
    await connection.send(GET + GET.replace(b"healthz", b"nothing") + GET)
    assert [await connection.status() for _ in range(3)] == [200, 404, 200]
    assert len(pieces) == 3


async def test_a_head_does_not_wait_for_a_late_body(edge: Edge, released: asyncio.Event) -> None:
    connection = await edge.connect()
    await connection.send(LATE)
    async with asyncio.timeout(5):
        assert (await connection.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
    released.set()
    async with asyncio.timeout(5):
        assert await connection.reader.readexactly(11) == b"firstsecond"


async def test_who_asks_before_he_sends_is_told_to_go_on(edge: Edge) -> None:
    connection = await edge.connect()
    pieces = await spied_on(edge, connection)
    await connection.send(ASKS_FIRST)
    async with asyncio.timeout(5):
        assert await connection.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    await connection.send(b"1234")
    assert await connection.status() == 200
    assert len(pieces) == 2
    assert pieces[1].endswith(b"\r\n\r\n1234")


async def test_a_head_without_its_body_leaves_before_the_connection_closes(edge: Edge) -> None:
    connection = await edge.connect()
    await connection.send(BROKEN)
    assert (await connection.rest()).startswith(b"HTTP/1.1 200 ")
