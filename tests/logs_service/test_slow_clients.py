"""A client that does not keep up costs a bounded amount of memory and nobody else's time."""

import asyncio
import struct

from websockets.asyncio.client import connect

from logs_service.hub import TURN_BYTES
from logs_service.position import position_of
from logs_service.protocol import HubProtocol
from tests.logs_service.by_hand import handshake
from tests.logs_service.serving import Serve, until
from tests.logs_service.test_websocket import close_of, receive

LINE = "x" * 1000


async def test_a_client_that_stops_reading_stalls_nobody_and_holds_little(serve: Serve) -> None:
    serving = await serve(ring_bytes=50_000_000)
    deaf = await handshake(serving.port)
    async with connect(serving.url) as client:
        await serving.joined(2)
        here = [one for one in serving.hub.clients if isinstance(one, HubProtocol)]
        (stuck,) = [one for one in here if one._socket.getpeername() == deaf.getsockname()]
        for _ in range(20):
            serving.publish(*[LINE] * 1000)
            assert await receive(client, 1000) == [LINE] * 1000
            assert stuck._transport.get_write_buffer_size() <= TURN_BYTES
        assert stuck.paused
        assert stuck in serving.hub.clients
    deaf.close()


async def test_a_slow_client_gets_every_line_that_the_ring_still_holds(serve: Serve) -> None:
    serving = await serve(ring_bytes=50_000_000)
    # It takes two messages at a time from the socket, so that the rest waits on our side.
    async with connect(serving.url, max_queue=2) as client:
        await serving.joined(1)
        lines = [f"{number} {LINE}" for number in range(20_000)]
        for start in range(0, 20_000, 1000):
            serving.publish(*lines[start : start + 1000])
            await asyncio.sleep(0)
        await until(lambda: not serving.hub.hot)
        async with asyncio.timeout(30):
            for line in lines:
                assert await client.recv() == line
        await serving.joined(1)


async def test_who_fell_out_of_the_ring_and_wanted_it_so_is_closed_with_1013(serve: Serve) -> None:
    serving = await serve(ring_bytes=200_000)
    async with connect(serving.url + "?slow=close", max_queue=2) as client:
        await serving.joined(1)
        serving.publish(*[LINE] * 20_000)
        received = 0
        try:
            async with asyncio.timeout(10):
                async for line in client:
                    received += line == LINE
        except Exception:
            pass
        code, reason = await close_of(client)
        assert code == 1013
        assert reason is not None
        what, token = reason.split("; after=")
        assert what == "fell behind"
        assert position_of(token)[0].offset == received - 1
        assert 0 < received < 20_000
        assert serving.hub.fallen_behind == 1


async def test_a_slow_client_is_not_taken_for_dead_while_its_backlog_arrives(serve: Serve) -> None:
    serving = await serve(ring_bytes=50_000_000, ping_seconds=0.3)
    slow = await handshake(serving.port)
    slow.setsockopt(6, 10, 1)  # nothing waits here for more than there is
    await serving.joined(1)
    serving.publish(*[LINE] * 9000)
    (client,) = serving.hub.clients
    loop = asyncio.get_running_loop()
    received = 0
    started = loop.time()
    while loop.time() - started < 2:  # six intervals, in which it answers nothing
        received += len(await loop.sock_recv(slow, 64 * 1024))
        await asyncio.sleep(0.02)
    assert client in serving.hub.clients
    assert received > 1_000_000
    await until(lambda: client not in serving.hub.clients)  # and then it stops reading
    slow.close()


async def test_a_flood_of_pings_from_a_deaf_client_does_not_pile_up(serve: Serve) -> None:
    serving = await serve(ring_bytes=50_000_000)
    deaf = await handshake(serving.port)
    await serving.joined(1)
    serving.publish(*[LINE] * 9000)
    await until(lambda: not serving.hub.hot)
    (client,) = serving.hub.clients
    assert isinstance(client, HubProtocol)
    before = client._transport.get_write_buffer_size()
    ping = struct.pack("!BB", 0x89, 0x80 | 125) + bytes(4) + bytes(125)
    sent = 0
    try:
        async with asyncio.timeout(1):
            while sent < 20_000_000:
                await asyncio.get_running_loop().sock_sendall(deaf, ping * 1000)
                sent += 1000 * len(ping)
    except TimeoutError:
        pass
    assert client._transport.get_write_buffer_size() <= before
    deaf.close()
