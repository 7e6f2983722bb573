"""The head of a request, and then its body, must be here in time; who only connects is not kept for ever."""

import asyncio
import contextlib
import gc
import time
import weakref

import pytest
from starlette.applications import Starlette

from http_edge import EdgeSettings, edge, server
from tests.http_edge.raw import GET, POST, SHORT, UPGRADE, Handed, Serve, timers


async def test_who_sends_nothing_is_closed_without_a_word(serve: Serve) -> None:
    connection = await (await serve()).connect()
    began = time.monotonic()
    assert await connection.rest() == b""
    assert SHORT * 0.9 < time.monotonic() - began < SHORT + 1


@pytest.mark.parametrize("sent", [b"G", GET[:-2], b"\r\n"])
async def test_half_a_head_is_answered_with_408_and_closed(serve: Serve, sent: bytes) -> None:
    connection = await (await serve()).connect()
    await connection.send(sent)
    head, _, body = (await connection.rest()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"\r\ncontent-type: application/problem+json" in head
    assert b"\r\nconnection: close" in head.lower()
    assert body.startswith(b'{"type":"about:blank","title":"Request Timeout","status":408,')


async def test_each_byte_does_not_begin_the_time_anew(serve: Serve) -> None:
    connection = await (await serve()).connect()
    began = time.monotonic()
    answer = b""
    for byte in b"GET /" + b"x" * 50:
        await connection.send(bytes([byte]))
        with contextlib.suppress(TimeoutError):
            answer = await asyncio.wait_for(connection.reader.read(12), SHORT / 5)
            break
    assert answer == b"HTTP/1.1 408"
    assert time.monotonic() - began < SHORT + 1


async def test_a_head_in_pieces_that_is_here_in_time_is_served(serve: Serve) -> None:
    connection = await (await serve(2)).connect()
    for byte in GET:
        await connection.send(bytes([byte]))
        await asyncio.sleep(0)
    assert await connection.status() == 200
    assert timers() == 0


async def test_an_idle_connection_is_kept_and_half_of_its_next_head_is_not(serve: Serve) -> None:
    connection = await (await serve()).connect()
    for _ in range(3):
        await connection.send(GET)
        assert await connection.status() == 200
    assert timers() == 0
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(connection.reader.read(1), SHORT * 2)
    await connection.send(GET[:-1])
    assert (await connection.rest()).startswith(b"HTTP/1.1 408 ")


async def test_pipelined_requests_are_served(serve: Serve) -> None:
    connection = await (await serve()).connect()
    await connection.send(GET * 5 + GET[:10])
    assert [await connection.status() for _ in range(5)] == [200] * 5
    await connection.send(GET[10:])
    assert await connection.status() == 200
    assert timers() == 0


async def test_a_body_that_does_not_come_is_answered_with_408_and_closed(serve: Serve) -> None:
    connection = await (await serve()).connect()
    await connection.send(POST % 10 + b'{"am')
    answer = await connection.rest()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"status":408' in answer


async def test_a_connection_that_was_upgraded_has_no_timer(serve: Serve) -> None:
    edge = await serve()
    gc.collect()
    connection = await edge.connect()
    await connection.send(UPGRADE[:20])
    await asyncio.sleep(0.02)  # so that both halves arrive by themselves
    await connection.send(UPGRADE[20:])
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(connection.reader.read(1), SHORT * 2)
    assert len(Handed.made) == 1
    assert timers() == 0


async def test_connections_that_are_gone_leave_nothing_behind(serve: Serve) -> None:
    edge = await serve(60)
    connections = [await edge.connect() for _ in range(50)]
    for connection in connections[:25]:
        await connection.send(GET[:10])
    assert timers() == 50
    left = [weakref.ref(one) for one in edge.server.server_state.connections]
    for connection in connections:
        connection.close()
    await edge.deserted()
    assert timers() == 0
    gc.collect()
    assert [one() for one in left] == [None] * 50


async def test_a_service_gives_the_time_of_its_settings() -> None:
    app: Starlette = edge("test", "Serves tests.", EdgeSettings(port=0, request_seconds=7))
    config = server._config(app, {})
    config.load()
    assert config.http_protocol_class.request_seconds == 7  # type: ignore[attr-defined]


async def test_a_service_closes_who_is_idle_for_half_a_minute_or_reads_nothing_for_a_minute() -> None:
    """Long enough for pools of clients and for people, and not for ever."""
    config = server._config(edge("test", "Serves tests.", EdgeSettings(port=0)), {})
    config.load()
    assert config.timeout_keep_alive == 30
    assert config.http_protocol_class.unread_seconds == 60  # type: ignore[attr-defined]
