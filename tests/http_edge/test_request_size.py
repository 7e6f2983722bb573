"""A head has a largest size, wherever it comes: whoever sends more gets 431 or no answer at all, and is closed."""

import asyncio
import contextlib
import json

import pytest

from http_edge import request_size
from http_edge.request_size import MAX_HEAD_BYTES, MOST_PIPELINED, PIECE_BYTES, BoundedHead
from tests.http_edge.raw import GET, Connection, Serve, timers

CHUNKED = b"POST /orders HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
ENDLESS = b"GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n"


def head_of(size: int) -> bytes:
    """A head whose target, names, values, and what is around them, have so many bytes."""
    target, host = b"/healthz", b"Host: localhost\r\n"
    padding = size - len(target) - len(host) - len(b"X: \r\n")
    return b"GET " + target + b" HTTP/1.1\r\n" + host + b"X: " + b"x" * padding + b"\r\n\r\n"


async def sent_without_an_end(connection: Connection, begin: bytes, more: bytes) -> bytes:
    """What the server says until it closes, though more and more is sent to it."""

    async def send() -> None:
        await connection.send(begin)
        for _ in range(64 * 1024 * 1024 // len(more)):
            await connection.send(more)
        raise AssertionError("it took 64 MiB")

    sending = asyncio.create_task(send())
    said = await connection.rest()
    sending.cancel()
    await asyncio.wait([sending])
    if not sending.cancelled():  # the connection was cut while it sent
        assert isinstance(sending.exception(), ConnectionError)
    return said


def assert_refused(said: bytes, status: int = 431) -> None:
    head, _, body = said.partition(b"\r\n\r\n")
    problem = json.loads(body)
    assert (int(head.split()[1]), problem["status"]) == (status, status)
    assert b"\r\ncontent-type: application/problem+json" in head
    assert b"\r\nconnection: close" in head.lower()


async def test_the_largest_head_is_served_and_one_byte_more_is_not(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_size, "LINGER_SECONDS", 60)
    edge = await serve(5)
    connection = await edge.connect()
    await connection.send(head_of(MAX_HEAD_BYTES))
    assert await connection.status() == 200
    await connection.send(head_of(MAX_HEAD_BYTES + 1))
    said = await connection.rest()
    assert_refused(said)
    assert said.endswith(b'"detail":"The head of a request may have 16384 bytes at most."}')
    assert timers() == 1  # hears the rest out
    connection.close()
    await edge.deserted()
    assert timers() == 0


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /" + b"x" * MAX_HEAD_BYTES + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        GET[:-2] + b"Authorization: Bearer " + b"y" * 80_000 + b"\r\n\r\n",
        GET[:-2] + b"x:\r\n" * 5000 + b"\r\n",
    ],
    ids=["target", "token", "many lines"],
)
async def test_a_head_that_is_too_large_is_answered_with_431_and_closed(serve: Serve, sent: bytes) -> None:
    connection = await (await serve(5)).connect()
    await connection.send(sent)
    assert_refused(await connection.rest())


@pytest.mark.parametrize(
    ("begin", "more"),
    [
        (b"GET /", b"x" * 1000),
        (b"", b"X" * 1000),
        (GET[:-2] + b"X: ", b"x" * 1000),
        (GET[:-2], b"x" * 1000),
        (GET[:-2], b"x:\r\n" * 100),
    ],
    ids=["target", "method", "value", "name", "lines"],
)
async def test_a_head_without_an_end_is_refused(serve: Serve, begin: bytes, more: bytes) -> None:
    connection = await (await serve(60)).connect()
    await connection.send(GET)
    assert await connection.status() == 200
    said = await sent_without_an_end(connection, begin, more)
    assert b"HTTP/1.1 431 " in said or b"HTTP/1.1 400 " in said  # no method has so many letters


@pytest.mark.parametrize(
    ("begin", "more"),
    [
        (CHUNKED + b"0\r\nX: ", b"x" * 1000),
        (CHUNKED + b"0\r\n", b"x:\r\n" * 100),
        (CHUNKED + b"1;", b"x" * 1000),
    ],
    ids=["value behind the body", "lines behind the body", "about a chunk"],
)
async def test_nor_does_it_come_in_by_what_stands_around_a_body(
    serve: Serve, begin: bytes, more: bytes
) -> None:
    connection = await (await serve(60)).connect()
    assert_refused(await sent_without_an_end(connection, begin, more))


@pytest.mark.parametrize("size", [1, 100, 5000])
async def test_a_body_is_not_taken_for_a_head_however_it_is_cut(serve: Serve, size: int) -> None:
    body = b'{"note":"' + b"x" * 4000 + b'"}'
    head = CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Type: application/json\r\n\r\n")
    chunks = (body[at : at + size] for at in range(0, len(body), size))
    connection = await (await serve(5)).connect()
    await connection.send(
        head + b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in chunks) + b"0\r\n\r\n" + GET
    )
    assert [await connection.status(), await connection.status()] == [201, 200]


async def test_behind_an_answer_that_is_under_way_a_head_without_an_end_is_cut_off_without_a_word(
    serve: Serve,
) -> None:
    edge = await serve(60)
    connection = await edge.connect()
    await connection.send(ENDLESS)
    await connection.reader.readuntil(b"\r\n\r\n")
    await connection.send(GET[:-2] + b"X: " + b"x" * (MAX_HEAD_BYTES + 2 * PIECE_BYTES))
    with contextlib.suppress(ConnectionResetError):
        async with asyncio.timeout(5):
            while heard := await connection.reader.read(65536):
                assert b"431" not in heard
    await edge.deserted()


async def test_so_many_requests_may_wait_for_an_answer_and_no_more(serve: Serve) -> None:
    waiting: list[int] = []

    def refuse(connection: BoundedHead, _: object) -> None:
        waiting.append(len(connection.pipeline))
        connection.transport.abort()

    edge = await serve(5, refuse=refuse)
    patient, hasty = await edge.connect(), await edge.connect()
    await patient.send(GET * (MOST_PIPELINED + 1))
    assert [await patient.status() for _ in range(MOST_PIPELINED + 1)] == [200] * (MOST_PIPELINED + 1)
    await hasty.send(GET * 5000)
    with contextlib.suppress(ConnectionResetError):
        assert (await hasty.rest()).count(b"HTTP/1.1 200") == 0
    assert MOST_PIPELINED < waiting[0] < 200  # hardly more, though thousands came at once


@pytest.mark.parametrize("sent", [b"\x16\x03\x01\x02\x00", CHUNKED + b"no size\r\n"], ids=["TLS", "body"])
async def test_what_is_no_http_is_answered_with_400_and_nobody_waits_for_its_body(
    serve: Serve, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_size, "LINGER_SECONDS", 60)
    edge = await serve(60)
    connection = await edge.connect()
    await connection.send(sent)
    assert_refused(await connection.rest(), 400)
    async with asyncio.timeout(5):
        while edge.server.server_state.tasks:
            await asyncio.sleep(0.005)


async def test_who_is_refused_and_does_not_hang_up_is_cut_off(serve: Serve) -> None:
    """After a second: he holds a connection that somebody else could have."""
    edge = await serve(60)
    connection = await edge.connect()
    await connection.send(head_of(MAX_HEAD_BYTES + 1))
    assert_refused(await connection.rest())
    await edge.deserted()
    assert timers() == 0
