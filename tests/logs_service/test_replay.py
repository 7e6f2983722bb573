"""Who is behind the ring is served from Kafka: everything, once, without hurting others; what is gone is said."""

import asyncio
import socket

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from logs_service.forms import behind
from logs_service.lines import Line
from logs_service.position import position_of, token
from tests.logs_service.by_hand import handshake
from tests.logs_service.serving import Serve, Serving, until
from tests.logs_service.watching import lines, receive, watching
from tests.logs_service.writing import Writer

SMALL_RING = 1024 * 1024  # a thousand lines of a kilobyte


async def fill(writer: Writer, serving: Serving, count: int = 4000, size: int = 1000) -> None:
    """More than the ring holds, and the hub has it."""
    before = serving.hub.lines
    for _ in range(count // 500):
        await writer.write(500, size=size)
    await until(lambda: serving.hub.lines == before + count, 20)


async def all_quiet(serving: Serving) -> None:
    """Nobody has a reader any more, nor waits for one."""
    names = ("logs_replay_readers", "logs_replay_waiting")
    await until(lambda: not any(serving.metric(name) for name in names), 10)


async def test_from_earliest_passes_from_kafka_into_the_ring(serve_logs: Serve, writer: Writer) -> None:
    serving = await serve_logs(ring_bytes=SMALL_RING)
    await fill(writer, serving, size=300)
    async with watching(serving.port, "meta=1&from=earliest") as client:
        assert lines(await receive(client, 4000)) == writer.all
        await all_quiet(serving)
        assert 1000 <= serving.metric("logs_replayed_total") < 4000
        await writer.write(1)
        assert lines(await receive(client, 1)) == writer.all[-1:]
        assert len(serving.hub.hot) == 1


async def test_more_last_lines_than_the_ring_holds_come_from_kafka(serve_logs: Serve, writer: Writer) -> None:
    serving = await serve_logs(ring_bytes=SMALL_RING)
    await fill(writer, serving)
    for _ in range(30):  # each with a marker behind it
        await writer.write(1)
    await writer.repeat(writer.ids[-20:])
    await until(lambda: serving.metric("logs_repeated_total") == 20)
    async with watching(serving.port, "last=2500") as client:
        assert [await client.recv() for _ in range(2500)] == writer.all[-2500:]


async def test_a_slow_client_gets_every_line_though_the_ring_has_moved_on(
    serve_logs: Serve, writer: Writer
) -> None:
    serving = await serve_logs(ring_bytes=SMALL_RING)
    async with connect(serving.url, max_queue=2) as slow, connect(serving.url) as quick:
        await serving.joined(2)
        await fill(writer, serving, 6000)
        assert [await quick.recv() for _ in range(6000)] == writer.all
        assert len(serving.hub.hot) == 1
        async with asyncio.timeout(30):
            assert [await slow.recv() for _ in range(6000)] == writer.all
        assert serving.metric("logs_fallen_behind_total") >= 1
        await serving.joined(2)
        await all_quiet(serving)


async def test_many_who_do_not_read_share_a_few_readers_and_keep_none(
    serve_logs: Serve, writer: Writer
) -> None:
    serving = await serve_logs(ring_bytes=SMALL_RING, replay_readers=2)
    deaf = [await handshake(serving.port, "?from=earliest", receive_buffer=4096) for _ in range(20)]
    async with connect(serving.url) as quick:
        await serving.joined(21)
        await fill(writer, serving, 6000)
        deaf += [await handshake(serving.port, "?from=earliest", receive_buffer=4096) for _ in range(6)]
        most = 0
        for line in writer.all:
            assert await quick.recv() == line
            most = max(most, int(serving.metric("logs_replay_readers")))
        await all_quiet(serving)
        assert sum(client.paused for client in serving.hub.clients) == 26
        assert most <= 2
        assert len(serving.hub.clients) == 27, "they are still welcome"
        async with watching(serving.port, "from=earliest&meta=1") as late:
            assert lines(await receive(late, 6000)) == writer.all, "and nobody waits for them"
    for one in deaf:
        one.close()


async def test_who_leaves_early_leaves_no_reader_behind(serve_logs: Serve, writer: Writer) -> None:
    serving = await serve_logs(ring_bytes=SMALL_RING, replay_readers=2)
    await fill(writer, serving)
    for number in range(30):
        raw = await handshake(serving.port, "?from=earliest")
        if number % 3 == 0:
            await asyncio.get_running_loop().sock_recv(raw, 1000)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        raw.close()
    await until(lambda: not serving.hub.clients)
    await all_quiet(serving)


async def test_a_repetition_is_dropped_wherever_a_replay_begins(serve_logs: Serve, writer: Writer) -> None:
    """Also by a hub that was not there when the first one came, and from between the two."""
    await writer.write(2000, size=1000)
    between = await writer.end()
    await writer.repeat(writer.ids[:100])
    await writer.write(2000, size=1000)
    serving = await serve_logs(ring_bytes=SMALL_RING)
    async with watching(serving.port, "from=earliest&meta=1") as client:
        seen = await receive(client, 4000)
        assert lines(seen) == writer.all
    last_before = [message for message in seen if message["offset"] < between][-1]
    async with watching(serving.port, f"after={last_before['token']}&meta=1") as client:
        assert lines(await receive(client, 2000)) == writer.all[2000:]


async def test_what_was_deleted_is_said_once_with_its_extent(serve_logs: Serve, writer: Writer) -> None:
    serving = await serve_logs(ring_bytes=SMALL_RING)
    await writer.write(10)
    async with watching(serving.port, "from=earliest&meta=1") as client:
        token = (await receive(client, 3))[2]["token"]
    await fill(writer, serving)
    await writer.delete_before(50)
    async with watching(serving.port, f"after={token}&meta=1") as client:
        notice, first = await receive(client, 2)
        assert notice | {"token": ""} == {
            "notice": "lost",
            "topic": "logs",
            "partition": 0,
            "reason": "deleted",
            "from": 3,
            "to": 49,
            "count": 47,
            "token": "",
        }
        assert first["offset"] == 50
    async with watching(serving.port, f"after={notice['token']}&meta=1") as client:
        assert (await receive(client, 1))[0]["offset"] == 50, "it was said"
    async with watching(serving.port, f"after={token}") as client:
        with pytest.raises(ConnectionClosed):
            await client.recv()
        assert client.close_code == 4008
        what, after = str(client.close_reason).split("; after=")
        assert what == "lines are lost"
    async with watching(serving.port, f"after={after}") as client:
        assert await client.recv() == first["line"]


async def test_what_is_deleted_while_a_client_is_behind_is_said(serve_logs: Serve, writer: Writer) -> None:
    serving = await serve_logs(ring_bytes=SMALL_RING)
    async with connect(serving.url + "?meta=1", max_queue=2) as slow:
        await serving.joined(1)
        await fill(writer, serving, 6000)
        await all_quiet(serving)
        await writer.delete_before(4000)
        messages = await receive(slow, 10)
        while "notice" not in messages[-1]:
            messages += await receive(slow, 1)
        *before, notice = messages
        offsets = [message["offset"] for message in before]
        assert notice["from"] == offsets[-1] + 1 or writer.all[len(before)]  # a marker may lie between
        assert notice["to"] == 3999
        assert lines(before) == writer.all[: len(before)]
        rest = await receive(slow, 1)
        assert rest[0]["offset"] == 4000


@pytest.mark.parametrize("lines_of_the_new_one", [0, 3, 20])
async def test_a_topic_that_was_made_anew_is_said_and_shown_from_its_beginning(
    serve_logs: Serve, writer: Writer, lines_of_the_new_one: int
) -> None:
    """Also if it has grown past the token: the record there is another one."""
    serving = await serve_logs()
    await writer.write(10)
    async with watching(serving.port, "meta=1&from=earliest") as client:
        token = (await receive(client, 10))[-1]["token"]
        await writer.make_anew()
        await writer.write(1)
        notice, *seen = await receive(client, 2)
        assert (notice["notice"], notice["reason"], notice["to"]) == ("lost", "topic made anew", None)
        if lines_of_the_new_one:
            await writer.write(lines_of_the_new_one)
        expected = writer.all
        assert lines(seen + await receive(client, lines_of_the_new_one)) == expected
    async with watching(serving.port, f"meta=1&after={token}") as client:
        notice, *seen = await receive(client, 1 + len(expected))
        assert notice["reason"] == "topic made anew"
        assert lines(seen) == expected


async def test_a_token_from_further_on_than_this_hub_is_waited_for(
    serve_logs: Serve, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of another replica that has already seen more."""
    serving = await serve_logs()
    held: list[Line] = []
    publish = serving.hub.publish
    await writer.write(3)
    await until(lambda: serving.hub.lines == 3)
    monkeypatch.setattr(serving.hub, "publish", held.extend)
    await writer.write(5)
    await until(lambda: len(held) == 5)
    ahead = token(behind(held[:3], serving.hub.ring.position))
    async with watching(serving.port, f"meta=1&after={ahead}") as client:
        await asyncio.sleep(0.3)
        publish(held)
        await until(lambda: serving.hub.lines == 8)
        seen = await receive(client, 2)
        assert lines(seen) == writer.all[-2:]
        assert position_of(seen[-1]["token"])[0].offset == seen[-1]["offset"]
