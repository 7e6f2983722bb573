"""A client that does not read its answer holds little memory, and not for ever; one that reads slowly gets all."""

import asyncio
import sys
from typing import Any

import pytest

from http_edge import unsent
from tests.http_edge.raw import GET, LARGE, PIECE, SHORT, Connection, Edge, Serve, timers

ENDLESS = GET.replace(b"healthz", b"endless")
ANSWER = GET.replace(b"healthz", b"large")


async def answering(edge: Edge, request: bytes) -> tuple[Connection, Any]:
    """A connection whose answer has begun and is not read, and the server's end of it."""
    connection = await edge.connect()
    connection.writer.transport.pause_reading()  # type: ignore[attr-defined]
    (served,) = edge.server.server_state.connections
    await connection.send(request)
    async with asyncio.timeout(5):
        while not served.transport.get_write_buffer_size():
            await asyncio.sleep(0.005)
    return connection, served


async def test_of_an_answer_that_nobody_reads_little_is_made(serve: Serve) -> None:
    edge = await serve(unread_seconds=60)
    _, served = await answering(edge, ENDLESS)
    async with asyncio.timeout(5):
        while not served.flow.write_paused:
            await asyncio.sleep(0.005)
    for _ in range(1000):
        await asyncio.sleep(0)
    assert served.transport.get_write_buffer_size() <= 64 * 1024 + 2 * PIECE


@pytest.mark.parametrize("request_", [ENDLESS, ANSWER, ANSWER[:-2] + b"Connection: close\r\n\r\n"])
async def test_who_takes_nothing_for_a_while_is_cut_off(serve: Serve, request_: bytes) -> None:
    edge = await serve(60, unread_seconds=SHORT)
    await answering(edge, request_)
    await edge.deserted()
    assert timers() == 0


PIECE_OF_IT = GET.replace(b"healthz", b"piece")
AND_CLOSE = PIECE_OF_IT[:-2] + b"Connection: close\r\n\r\n"


async def closing_with_a_rest(edge: Edge, last: bytes = b"") -> tuple[Connection, int]:
    """A connection that asked again and again and read nothing; how often. No answer was large enough to stop the
    writing: all are over, and a part of the last one has not left when the connection closes, as it was asked to by
    the `last` request or being idle."""
    connection = await edge.connect()
    connection.writer.transport.pause_reading()  # type: ignore[attr-defined]
    (served,) = edge.server.server_state.connections
    served.timeout_keep_alive = 60 if last else SHORT
    async with asyncio.timeout(5):
        while not served.transport.get_write_buffer_size():
            answered = edge.server.server_state.total_requests
            await connection.send(PIECE_OF_IT)
            while edge.server.server_state.total_requests == answered:
                await asyncio.sleep(0)
        await connection.send(last)
        assert not served.flow.write_paused
        while not served.transport.is_closing():
            await asyncio.sleep(0.005)
    return connection, edge.server.server_state.total_requests


@pytest.mark.parametrize("last", [b"", AND_CLOSE], ids=["idle", "close"])
async def test_so_is_who_asks_again_and_again_and_reads_none_of_the_answers(
    serve: Serve, last: bytes
) -> None:
    edge = await serve(60, unread_seconds=SHORT)
    await closing_with_a_rest(edge, last)
    await edge.deserted()
    assert timers() == 0


async def test_so_is_who_stops_in_the_middle_of_the_last_answer(serve: Serve) -> None:
    """Enough has left for more to be written, but there is no more: the connection closes when the rest has left."""
    edge = await serve(60, unread_seconds=SHORT)
    connection, served = await answering(edge, ANSWER[:-2] + b"Connection: close\r\n\r\n")
    served.transport.set_write_buffer_limits(LARGE, LARGE // 2)
    async with asyncio.timeout(5):
        while served.flow.write_paused:
            connection.writer.transport.resume_reading()  # type: ignore[attr-defined]
            await connection.reader.read(PIECE)
    connection.writer.transport.pause_reading()  # type: ignore[attr-defined]
    assert served.transport.is_closing()
    assert served.transport.get_write_buffer_size()
    await edge.deserted()
    assert timers() == 0


async def test_who_reads_them_late_gets_them_all(serve: Serve) -> None:
    connection, asked = await closing_with_a_rest(await serve(60, unread_seconds=60))
    connection.writer.transport.resume_reading()  # type: ignore[attr-defined]
    assert (await connection.rest()).count(bytes(PIECE)) == asked


async def test_who_reads_slowly_gets_the_whole_answer(serve: Serve) -> None:
    """It takes longer than somebody who takes nothing has."""
    edge = await serve(60, unread_seconds=1.0)
    connection, _ = await answering(edge, ANSWER)
    got, began = 0, asyncio.get_running_loop().time()
    while got < LARGE:
        connection.writer.transport.resume_reading()  # type: ignore[attr-defined]
        async with asyncio.timeout(5):
            read = await connection.reader.read(1024 * 1024)
        assert read, f"cut off after {got} bytes"
        got += len(read)
        connection.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(0.1)
    assert asyncio.get_running_loop().time() - began > 1.5


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what waits in the kernel")
async def test_what_waits_in_the_kernel_is_not_taken_for_read(serve: Serve) -> None:
    """Else who reads so slowly that only that becomes less would be cut off."""
    edge = await serve(60, unread_seconds=60)
    connection = await edge.connect()
    connection.writer.transport.pause_reading()  # type: ignore[attr-defined]
    (served,) = edge.server.server_state.connections
    await connection.send(PIECE_OF_IT * 20)
    async with asyncio.timeout(5):
        while edge.server.server_state.total_requests < 20:
            await asyncio.sleep(0.005)
    assert unsent(served.transport) > served.transport.get_write_buffer_size()
    connection.writer.transport.resume_reading()  # type: ignore[attr-defined]
    assert [await connection.status() for _ in range(20)] == [200] * 20
    async with asyncio.timeout(5):
        while unsent(served.transport):
            await asyncio.sleep(0.005)


async def test_an_answer_that_was_read_leaves_no_timer(serve: Serve) -> None:
    edge = await serve(60, unread_seconds=60)
    connection = await edge.connect()
    await connection.send(ANSWER)
    assert await connection.status() == 200
    assert timers() == 0
