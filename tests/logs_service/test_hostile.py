"""Clients that mean harm, or know no better: each gets its answer and is closed, and nobody else notices."""

import asyncio
import gc
import os
import re
import socket
import struct
import time
import weakref
from collections.abc import Iterable
from contextlib import suppress

import pytest
from websockets.asyncio.client import connect
from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

from http_edge.request_time import TimedHead
from logs_service import protocol
from logs_service.incoming import MOST_FRAMES
from logs_service.protocol import HubProtocol
from tests.logs_service.by_hand import REQUEST, handshake
from tests.logs_service.serving import Serve, Serving, until


def frame(opcode: Opcode, data: bytes = b"", fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=True)


TEXT, BINARY, CONT, PING, CLOSE = Opcode.TEXT, Opcode.BINARY, Opcode.CONT, Opcode.PING, Opcode.CLOSE
EMPTY_PING = frame(PING)
CAFE = "café".encode()


async def answer(raw: socket.socket) -> bytes:
    """All that the hub sends, until it closes."""
    received = b""
    async with asyncio.timeout(5):
        while chunk := await asyncio.get_running_loop().sock_recv(raw, 65536):
            received += chunk
    return received


def code_of(closed: bytes) -> int:
    """Of a close frame at the end, which is the only one."""
    at = closed.rindex(b"\x88")
    (code,) = struct.unpack("!H", closed[at + 2 : at + 4])
    return int(code)


@pytest.mark.parametrize(
    ("code", "sent"),
    [
        (1009, [frame(TEXT, b"x" * 4097)]),
        (
            1009,
            [
                frame(TEXT, b"x" * 2000, fin=False),
                frame(CONT, b"x" * 2000, fin=False),
                frame(CONT, b"x" * 97),
            ],
        ),
        (1009, [frame(BINARY, b"", fin=False), *[frame(CONT, b"x" * 100, fin=False)] * 41]),
        (1009, [b"\x82\xff" + struct.pack("!Q", 2**62) + b"mask"]),  # a length, and nothing of it
        (1002, [b"\x81\x05hello"]),  # unmasked
        (1002, [b"\xc1\x80mask"]),  # a reserved bit
        (1002, [b"\xa1\x80mask"]),
        (1002, [b"\x83\x80mask"]),  # an unknown opcode
        (1002, [b"\x8b\x80mask"]),
        (1002, [b"\x89\xfe\x00\x7emask" + b"x" * 126]),  # a ping of 126 bytes
        (1002, [b"\x09\x80mask"]),  # … in fragments
        (1002, [frame(CONT)]),  # of nothing
        (1002, [frame(TEXT, fin=False), frame(TEXT)]),
        (1002, [b"\x88\x81mask\x00"]),  # half a close code
        (1002, [frame(CLOSE, struct.pack("!H", 1005))]),  # a code that nobody may send
        (1007, [frame(TEXT, b"caf\xe9")]),
        (1007, [frame(TEXT, CAFE[:-1])]),
        (1007, [frame(TEXT, CAFE[:-1], fin=False), frame(CONT, b"\xff", fin=False)]),
        (1007, [frame(TEXT, CAFE[:-1], fin=False), EMPTY_PING, frame(CONT)]),
        (1007, [frame(CLOSE, struct.pack("!H", 1000) + b"\xff")]),
        (1008, [EMPTY_PING] * (MOST_FRAMES + 1)),
        (1008, [frame(TEXT)] * (MOST_FRAMES + 1)),
        (1008, [frame(TEXT, fin=False), *[frame(CONT, fin=False)] * MOST_FRAMES]),
    ],
)
@pytest.mark.parametrize("in_pieces", [False, True])
async def test_what_is_wrong_is_closed_with_its_code_and_others_get_their_lines(
    serve: Serve, code: int, sent: list[bytes], in_pieces: bool
) -> None:
    serving = await serve()
    async with connect(serving.url) as other:
        raw = await handshake(serving.port)
        loop = asyncio.get_running_loop()
        for part in sent if in_pieces else [b"".join(sent)]:
            await loop.sock_sendall(raw, part)
        assert code_of(await answer(raw)) == code
        raw.close()
        await until(lambda: len(serving.server.server_state.connections) == 1)
        serving.publish("line")
        assert await other.recv() == "line"


async def test_what_is_right_is_dropped(serve: Serve) -> None:
    serving = await serve()
    raw = await handshake(serving.port)
    right = [
        frame(TEXT, CAFE[:-1], fin=False),
        EMPTY_PING,
        frame(CONT, CAFE[-1:]),
        frame(BINARY, b"\xff", fin=False),
        frame(CONT, b"\xfe"),
        frame(TEXT, b"x" * 4096),
        frame(Opcode.PONG, b"unasked"),
        frame(CLOSE, struct.pack("!H", 1000)),
    ]
    await asyncio.get_running_loop().sock_sendall(raw, b"".join(right))
    assert await answer(raw) == b"\x8a\x00" + b"\x88\x02" + struct.pack("!H", 1000)
    raw.close()


async def test_of_a_flood_hardly_more_is_looked_at_than_a_client_may_send(serve: Serve) -> None:
    """All of it would keep everybody waiting for half a second at a time."""
    serving = await serve()
    async with connect(serving.url) as other:
        raw = await handshake(serving.port)
        await serving.joined(2)
        flooding = asyncio.create_task(pour(raw, EMPTY_PING * 50_000))
        answers = await answer(raw)
        assert answers.count(b"\x8a\x00") < 3 * MOST_FRAMES
        assert code_of(answers) == 1008
        serving.publish("line")
        assert await other.recv() == "line"
        raw.close()
        await flooding


async def pour(raw: socket.socket, data: bytes) -> None:
    with suppress(OSError):  # closed by either side
        await asyncio.get_running_loop().sock_sendall(raw, data)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 9000, 431),
        (b"GET /?" + b"x" * 9000 + b" HTTP/1.1\r\nHost: localhost", 414),
        (b"GET / HTTP/1.1\r\nHost: localhost" + b"\r\nX: x" * 200, 431),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nSec-WebSocket-Key: short", 400),
        (b"POST / HTTP/1.1\r\nHost: localhost", 405),
        (b"GET /?last=%FF HTTP/1.1\r\nHost: localhost", 400),
        (b"GET /\xff HTTP/1.1\r\nHost: localhost", 400),
    ],
)
async def test_a_handshake_that_is_wrong_is_refused_and_closed(
    serve: Serve, head: bytes, status: int
) -> None:
    serving = await serve()
    key = b"" if b"Sec-WebSocket-Key" in head else b"\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    reader, writer = await asyncio.open_connection("127.0.0.1", serving.port)
    upgrade = b"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13"
    writer.write(head + upgrade + key + b"\r\n\r\n")
    async with asyncio.timeout(5):
        received = await reader.read()
    assert int(received.split()[1]) == status
    assert not serving.hub.clients
    writer.close()
    await until(lambda: not serving.server.server_state.connections)


@pytest.mark.parametrize("sent", [b"\x81\x05hello", frame(CLOSE, b"\x03\xe8")], ids=["wrong", "close"])
async def test_who_is_closed_and_does_not_hang_up_is_cut_off(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    assert protocol.CLOSE_SECONDS <= 10
    monkeypatch.setattr(protocol, "CLOSE_SECONDS", 0.2)
    serving = await serve()
    raw = await handshake(serving.port)
    await asyncio.get_running_loop().sock_sendall(raw, sent)
    await until(lambda: not serving.server.server_state.connections)
    raw.close()


async def test_so_is_who_is_refused_and_does_not_hang_up(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "CLOSE_SECONDS", 0.2)
    serving = await serve()
    raw = await half_open(serving.port, REQUEST % b"no-such-page")
    assert (await asyncio.get_running_loop().sock_recv(raw, 12)).startswith(b"HTTP/1.1 404")
    await until(lambda: not serving.server.server_state.connections)
    raw.close()


# Many of them


async def half_open(port: int, sent: bytes) -> socket.socket:
    raw = socket.socket()
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, ("127.0.0.1", port))
    await loop.sock_sendall(raw, sent)
    return raw


async def test_500_half_open_handshakes_are_gone_after_the_deadline_and_a_client_gets_its_lines(
    serve: Serve,
) -> None:
    serving = await serve(request_seconds=1.0)
    async with connect(serving.url) as client:
        await serving.joined(1)
        began = time.monotonic()
        raws = [
            await half_open(serving.port, REQUEST[: number % len(REQUEST)] if number % 2 else b"")
            for number in range(500)
        ]
        opened = time.monotonic() - began
        number = 0
        while len(serving.server.server_state.connections) > 1 or not number:
            serving.publish(str(number))
            async with asyncio.timeout(1):
                assert await client.recv() == str(number)
            number += 1
            assert time.monotonic() - began < opened + 1.0 + 2.0
        assert time.monotonic() - began > 0.9
    for raw in raws:
        raw.close()


async def come_and_go(port: int, read: int) -> None:
    """Who has read all that there is leaves by FIN, anybody else by RST."""
    raw = await half_open(port, REQUEST % b"")
    loop = asyncio.get_running_loop()
    assert (await loop.sock_recv(raw, read)).startswith(b"HTTP/1.1 101")
    raw.close()


async def test_a_thousand_connects_a_second_leave_nothing_behind(serve: Serve) -> None:
    """For three seconds, or as many as this machine manages: 3,000 come, and then all is as it was."""
    serving = await serve(max_clients=900)
    async with connect(serving.url) as client:
        await serving.joined(1)
        before = standing(serving)
        began = time.monotonic()
        for second in range(30):
            await asyncio.gather(
                *(come_and_go(serving.port, (12, 4096)[number % 2]) for number in range(100))
            )
            await asyncio.sleep(max(0.0, began + (second + 1) / 10 - time.monotonic()))  # the rate
            serving.publish(str(second))
            assert await client.recv() == str(second)
        await until(lambda: len(serving.server.server_state.connections) == 1)
        gc.collect()
        assert standing(serving) == before


def standing(serving: Serving) -> dict[str, int]:
    """What a connection that is gone could have left behind."""
    timers: Iterable[asyncio.TimerHandle] = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]
    of_connections = [one for one in timers if not one.cancelled() and re.search("Timed|abort", repr(one))]
    return {
        "clients": len(serving.hub.clients),
        "connections": len(serving.server.server_state.connections),
        "protocols": sum(type(one) is HubProtocol for one in gc.get_objects()),
        "timers": len(of_connections),
        "tasks": len(asyncio.all_tasks()),
        "descriptors": len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0,
    }


async def test_of_clients_that_are_closed_for_what_they_did_nothing_is_left(serve: Serve) -> None:
    serving = await serve()
    gone: list[weakref.ref[object]] = []
    for sent in (b"\x81\x05hello", frame(TEXT, b"\xff"), EMPTY_PING * 200, frame(TEXT, b"x" * 5000)):
        raw = await handshake(serving.port)
        gone += [weakref.ref(client) for client in serving.hub.clients]
        await asyncio.get_running_loop().sock_sendall(raw, sent)
        await answer(raw)
        raw.close()
        await until(lambda: not serving.server.server_state.connections)
    gc.collect()
    assert [one() for one in gone] == [None] * 4


@pytest.mark.parametrize(
    "said", [b"", EMPTY_PING, frame(CLOSE, b"\x03\xe8")], ids=["nothing", "ping", "close"]
)
async def test_who_comes_and_goes_leaves_nothing_to_the_collector_of_cycles(
    serve: Serve, said: bytes
) -> None:
    """It would stop everybody else for what thousands of short visits left."""
    serving = await serve()
    gc.collect()
    gc.disable()
    try:
        before = of_visits()
        for _ in range(3):
            raw = await handshake(serving.port)
            raw.sendall(said)
            raw.close()
        await until(lambda: not serving.server.server_state.connections)
        assert of_visits() == before
    finally:
        gc.enable()


def of_visits() -> int:
    """Objects that each visit has of its own."""
    kinds = (HubProtocol, ServerProtocol, TimedHead)
    return sum(isinstance(one, kinds) for one in gc.get_objects())
