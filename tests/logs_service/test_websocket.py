"""The raw contract on a real socket: one text frame a line, live, and plain HTTP beside it on the same port."""

import asyncio
import gc
import http.client
import socket
import struct
import weakref
from typing import cast

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from tests.logs_service.by_hand import handshake
from tests.logs_service.serving import Serve, until


async def receive(client: ClientConnection, count: int) -> list[str | bytes]:
    async with asyncio.timeout(5):
        return [await client.recv() for _ in range(count)]


async def close_of(client: ClientConnection, seconds: float = 5) -> tuple[int | None, str | None]:
    await asyncio.wait_for(client.wait_closed(), seconds)
    return client.close_code, client.close_reason


async def test_each_line_is_one_text_frame_byte_for_byte(serve: Serve) -> None:
    serving = await serve()
    lines = ['{"message":"café"}', "", "x" * 70_000, '{"event_id":"1"}']
    async with connect(serving.url) as client:
        await serving.joined(1)
        serving.publish(*lines)
        assert await receive(client, 4) == lines


async def test_fifty_clients_get_the_same(serve: Serve) -> None:
    serving = await serve()
    clients = await asyncio.gather(*(connect(serving.url) for _ in range(50)))
    await serving.joined(50)
    lines = [f"line {number}" for number in range(300)]
    for line in lines:
        serving.publish(line)
        await asyncio.sleep(0)
    for received in await asyncio.gather(*(receive(client, 300) for client in clients)):
        assert received == lines
    await asyncio.gather(*(client.close() for client in clients))


async def test_a_client_gets_nothing_from_before_it_came(serve: Serve) -> None:
    serving = await serve()
    serving.publish("before")
    async with connect(serving.url) as client:
        await serving.joined(1)
        serving.publish("after")
        assert await receive(client, 1) == ["after"]


async def test_plain_http_answers_on_the_same_port(serve: Serve) -> None:
    serving = await serve()

    def get() -> int:
        connection = http.client.HTTPConnection("127.0.0.1", serving.port, timeout=5)
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status

    async with connect(serving.url):
        assert await asyncio.to_thread(get) == 200


async def test_compression_is_not_negotiated(serve: Serve) -> None:
    serving = await serve()
    async with connect(serving.url, compression="deflate") as client:
        assert client.protocol.extensions == []


@pytest.mark.parametrize(
    ("uri", "origin", "status"),
    [
        ("ws://localhost/nowhere", None, 404),
        ("ws://localhost/", "https://evil.example", 403),
        ("ws://evil.example/", None, 421),
    ],
)
async def test_who_may_not_connect_is_told_why(
    serve: Serve, uri: str, origin: str | None, status: int
) -> None:
    serving = await serve()
    with pytest.raises(InvalidStatus) as refused:
        await connect(uri, host="127.0.0.1", port=serving.port, origin=cast(Origin, origin))
    assert refused.value.response.status_code == status
    assert refused.value.response.body
    assert not serving.hub.clients


async def test_beyond_the_places_there_is_a_503(serve: Serve) -> None:
    serving = await serve(max_clients=1)
    async with connect(serving.url):
        await serving.joined(1)
        with pytest.raises(InvalidStatus) as refused:
            await connect(serving.url)
        assert refused.value.response.status_code == 503
    await serving.joined(0)
    async with connect(serving.url):
        await serving.joined(1)


async def test_the_closing_handshake_is_answered(serve: Serve) -> None:
    serving = await serve()
    client = await connect(serving.url)
    await serving.joined(1)
    await client.close(1000, "bye")
    assert (client.close_code, client.close_reason) == (1000, "bye")
    await until(lambda: not serving.server.server_state.connections)


async def test_what_a_client_says_is_dropped(serve: Serve) -> None:
    serving = await serve()
    async with connect(serving.url) as client:
        await serving.joined(1)
        await client.send("hello?")
        await client.send(b"\x00" * 4096)
        serving.publish("line")
        assert await receive(client, 1) == ["line"]


async def test_a_client_that_says_too_much_is_closed_with_1009(serve: Serve) -> None:
    serving = await serve()
    async with connect(serving.url) as client:
        await client.send("x" * 1_000_000)
        assert (await close_of(client))[0] == 1009


async def test_a_ping_of_a_client_is_answered(serve: Serve) -> None:
    serving = await serve()
    async with connect(serving.url) as client:
        await asyncio.wait_for(await client.ping(), 5)


async def test_who_answers_pings_stays(serve: Serve) -> None:
    serving = await serve(ping_seconds=0.1)
    raw = await handshake(serving.port)
    await serving.joined(1)
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(5):
        for _ in range(5):
            assert await loop.sock_recv(raw, 4096) == b"\x89\x00"
            await loop.sock_sendall(raw, b"\x8a\x80mask")
    assert serving.hub.clients
    raw.close()


async def test_who_answers_no_ping_is_closed_with_1011(serve: Serve) -> None:
    serving = await serve(ping_seconds=0.1)
    raw = await handshake(serving.port)
    await serving.joined(1)
    async with asyncio.timeout(5):
        received = b""
        while chunk := await asyncio.get_running_loop().sock_recv(raw, 4096):
            received += chunk
    ping, close = received[:2], received[2:]
    assert ping == b"\x89\x00"
    assert close[0] == 0x88
    assert struct.unpack("!H", close[2:4]) == (1011,)
    raw.close()
    await until(lambda: not serving.server.server_state.connections)


async def test_a_client_that_vanishes_leaves_nothing_behind(serve: Serve) -> None:
    serving = await serve()
    raw = await handshake(serving.port)
    await serving.joined(1)
    gone = weakref.ref(next(iter(serving.hub.clients)))
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close by RST
    raw.close()
    await until(lambda: not serving.hub.clients and not serving.server.server_state.connections)
    serving.publish("for nobody")
    gc.collect()
    assert gone() is None


async def test_the_end_of_the_server_is_said_with_1001(serve: Serve) -> None:
    serving = await serve()
    client = await connect(serving.url)
    await serving.joined(1)
    await serving.stop()
    assert await close_of(client) == (1001, "the server is going down")
    with pytest.raises(ConnectionClosed):
        await client.recv()


async def test_the_end_of_the_server_waits_for_no_client_that_is_deaf(serve: Serve) -> None:
    serving = await serve(ring_bytes=10_000_000)
    raw = await handshake(serving.port)
    await serving.joined(1)
    serving.publish(*["x" * 10_000] * 900)
    await until(lambda: not serving.hub.hot)
    async with asyncio.timeout(4):
        await serving.stop()
    raw.close()
