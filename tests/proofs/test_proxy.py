"""A proxy fails as networks do: by a cut, by silence, on one way only, late, slowly; and it holds a request back."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from dev import ports
from proofs import frames
from proofs.proxy import Proxy, Way

NOTHING = 0.2  # seconds in which nothing comes
WITHIN = 5.0


class Echo:
    """A server that answers with what it is asked, and remembers it."""

    def __init__(self) -> None:
        self.heard = bytearray()
        (self.port,) = ports.free(1)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            self.heard += data
            writer.write(data)
        writer.close()


@asynccontextmanager
async def between(frame_by_frame: bool = False) -> AsyncIterator[tuple[Proxy, Echo]]:
    echo, (port,) = Echo(), ports.free(1)
    server = await asyncio.start_server(echo.serve, "127.0.0.1", echo.port)
    proxy = Proxy(port, echo.port, frames.frames) if frame_by_frame else Proxy(port, echo.port)
    async with proxy, asyncio.timeout(WITHIN):
        yield proxy, echo
    server.close()


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def says(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def hears(self, count: int) -> bytes:
        return await self.reader.readexactly(count)

    async def hears_nothing(self) -> bool:
        try:
            async with asyncio.timeout(NOTHING):
                return not await self.reader.read(1)
        except TimeoutError:
            return True


@asynccontextmanager
async def connected(proxy: Proxy) -> AsyncIterator[Client]:
    client = Client(*await asyncio.open_connection("127.0.0.1", proxy.port))
    try:
        yield client
    finally:
        client.writer.transport.abort()


async def until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.005)


async def test_what_is_asked_arrives_and_the_answer_comes_back() -> None:
    async with between() as (proxy, _), connected(proxy) as client:
        await client.says(b"x" * 1_000_000)
        assert await client.hears(1_000_000) == b"x" * 1_000_000
        client.writer.write_eof()
        assert await client.reader.read() == b""


async def test_a_cut_resets_connections_and_new_ones_until_it_is_mended() -> None:
    async with between() as (proxy, _), connected(proxy) as old:
        await old.says(b"hello")
        await old.hears(5)
        proxy.cut()
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await old.hears(1)
        async with connected(proxy) as new:
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await new.hears(1)
        proxy.mend()
        async with connected(proxy) as again:
            await again.says(b"hello")
            assert await again.hears(5) == b"hello"


async def test_through_a_black_hole_nothing_passes_and_later_everything_does() -> None:
    async with between() as (proxy, echo), connected(proxy) as client:
        proxy.block()
        await client.says(b"hello")
        assert await client.hears_nothing()
        assert not echo.heard
        proxy.mend()
        assert await client.hears(5) == b"hello"


async def test_one_way_lets_what_is_asked_arrive_and_keeps_the_answers() -> None:
    async with between() as (proxy, echo), connected(proxy) as client:
        proxy.block(Way.ANSWERS)
        await client.says(b"hello")
        await until(lambda: echo.heard == b"hello")
        assert await client.hears_nothing()
        proxy.mend()
        assert await client.hears(5) == b"hello"


async def test_a_delay_makes_each_piece_late() -> None:
    async with between() as (proxy, _), connected(proxy) as client:
        proxy.delay(0.1)
        begun = time.monotonic()
        await client.says(b"hello")
        await client.hears(5)
        assert time.monotonic() - begun >= 0.2  # both ways


async def test_a_drip_passes_a_few_bytes_at_a_time() -> None:
    async with between() as (proxy, echo), connected(proxy) as client:
        proxy.drip(2, 0.05, Way.REQUESTS)
        begun = time.monotonic()
        await client.says(b"0123456789")
        assert await client.hears(2) == b"01"
        assert len(echo.heard) < 10
        assert await client.hears(8) == b"23456789"
        assert time.monotonic() - begun >= 0.2


async def test_what_was_sent_arrives_although_the_sender_has_gone() -> None:
    async with between() as (proxy, echo), connected(proxy) as client:
        proxy.block()
        await client.says(b"hello")
        client.writer.close()
        assert not echo.heard
        proxy.mend()
        await until(lambda: echo.heard == b"hello")


def end_txn(name: bytes) -> bytes:
    head = b"\x00\x1a\x00\x00\x00\x00\x00\x07\x00\x08aiokafka"
    body = head + len(name).to_bytes(2) + name + bytes(11)
    return len(body).to_bytes(4) + body


async def test_one_request_is_held_back_and_those_of_other_connections_pass() -> None:
    late = asyncio.Event()
    async with (
        between(frame_by_frame=True) as (proxy, echo),
        connected(proxy) as client,
        connected(proxy) as other,
    ):

        async def hold(frame: bytes) -> None:
            if frames.key_of(frame) == frames.END_TXN and frames.transactional_id(frame) == "a-relay":
                await late.wait()

        proxy.lanes[Way.REQUESTS].hold = hold
        await client.says(end_txn(b"a-relay"))
        await other.says(end_txn(b"another")[:10])  # a frame may come in parts
        await other.says(end_txn(b"another")[10:])
        await other.hears(len(end_txn(b"another")))
        assert echo.heard == end_txn(b"another")
        late.set()
        assert await client.hears(len(end_txn(b"a-relay"))) == end_txn(b"a-relay")
