"""Server-Sent Events: every line once and with its token, also for whoever was cut, and nobody else pays for it."""

import asyncio
import json
import os
import random
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import httpx2 as httpx
import pytest
from starlette.types import Message
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from websockets.asyncio.client import connect

from http_edge import edge
from logs_service.forms import RAW
from logs_service.http_streams import (
    ENOUGH_BYTES,
    EVENT_STREAM,
    RETRY,
    EventsClient,
    HttpClient,
    HubResponse,
)
from logs_service.hub import TURN_BYTES, Hub
from logs_service.position import position_of
from logs_service.ring import Ring
from logs_service.settings import Settings
from logs_service.wishes import Wish
from tests.conftest import Environment, RunService
from tests.logs_service.event_source import Event, EventSource, event_source
from tests.logs_service.serving import Serve, Serving, until
from tests.logs_service.test_other_topics import write
from tests.logs_service.test_websocket import receive
from tests.logs_service.writing import Writer

LINE = "x" * 1000


async def test_each_line_is_an_event_with_its_token(serve: Serve) -> None:
    serving = await serve()
    async with event_source(serving.port, "/events") as source:
        await serving.joined(1)
        lines = ['{"message":"café ☕ 🦊"}', "", " begins with a space", ": no comment", "x" * 70_000]
        serving.publish(*lines)
        await until(lambda: len(source.seen) == 5)
        assert source.lines == lines
        assert [position_of(event.id)[0].offset for event in source.seen] == [0, 1, 2, 3, 4]
        assert source.text.startswith(b"retry: 1000\n\n")
        assert source.text.count(b"retry") == 1
        sent = source.answer.headers
        assert (sent["Content-Type"], sent["Cache-Control"], sent["X-Accel-Buffering"]) == (
            "text/event-stream",
            "no-store",
            "no",
        )


async def test_with_meta_the_data_is_the_envelope(serve: Serve) -> None:
    serving = await serve()
    serving.publish("a", "b", "é")
    async with event_source(serving.port, "/events?meta=1&last=2") as source:
        await until(lambda: len(source.seen) == 2)
        said = [json.loads(line) for line in source.lines]
        assert [one["line"] for one in said] == ["b", "é"]
        assert [one["token"] for one in said] == [event.id for event in source.seen]


async def test_who_comes_back_goes_on_behind_the_last_event_whatever_the_query_says(serve: Serve) -> None:
    serving = await serve()
    serving.publish(*"abc")
    async with event_source(serving.port, "/events?last=2") as source:
        await until(lambda: len(source.seen) == 2)
    serving.publish(*"de")
    async with event_source(serving.port, "/events?last=2", {"Last-Event-ID": source.seen[0].id}) as again:
        await until(lambda: len(again.seen) == 3)
        assert again.lines == ["c", "d", "e"]


async def test_the_token_of_a_filtered_client_goes_on_without_an_event(serve: Serve) -> None:
    serving = await serve(ping_seconds=0.05)
    async with event_source(serving.port, "/events?contains=wanted") as source:
        await serving.joined(1)
        serving.publish("wanted 1", "another", "another")
        await until(lambda: source.last and position_of(source.last)[0].offset == 2)
        assert [event.data for event in source.seen] == ["wanted 1"]
    serving.publish("another", "wanted 2")
    last = {"Last-Event-ID": source.last}
    async with event_source(serving.port, "/events?contains=wanted", last) as again:
        await until(lambda: again.seen)
        assert again.lines == ["wanted 2"]


async def test_where_nothing_happens_a_comment_keeps_proxies_from_cutting(serve: Serve) -> None:
    serving = await serve(ping_seconds=0.05)
    async with event_source(serving.port, "/events") as source:
        await until(lambda: source.text.count(b":\n\n") >= 2)
        assert source.text == b"retry: 1000\n\n" + b":\n\n" * source.text.count(b":\n\n")
        serving.publish("a")
        await until(lambda: source.seen)
        assert source.lines == ["a"]


@pytest.mark.parametrize("path", ["/events", "/topics/logs/events", "/download", "/topics/logs/download"])
@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("last=many", "last is a number"),
        ("lst=5", "Unknown parameter 'lst'"),
        ("last=5&since=5m", "exclude each other"),
        ("regex=(", "regex is not one of RE2"),
        ("contains=%FF", "UTF-8"),
    ],
)
async def test_what_is_not_understood_is_refused_with_a_sentence(
    serve: Serve, path: str, query: str, why: str
) -> None:
    serving = await serve()
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{serving.port}{path}?{query}")
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert why in answer.json()["detail"]
    assert not serving.hub.clients


async def test_other_refusals(serve: Serve) -> None:
    serving = await serve(max_clients=1)
    url = f"http://127.0.0.1:{serving.port}"
    async with httpx.AsyncClient() as client:
        bad_token = await client.get(f"{url}/events", headers={"Last-Event-ID": "nonsense"})
        assert bad_token.status_code == 400
        assert "Last-Event-ID is a token" in bad_token.json()["detail"]
        assert (await client.get(f"{url}/topics/nothing/events")).status_code == 404
        assert (await client.get(f"{url}/topics/nothing/download")).status_code == 404
        assert (await client.get(f"{url}/events", headers={"Host": "evil.example"})).status_code == 421
        evil = {"Origin": "https://evil.example"}
        assert (await client.get(f"{url}/download", headers=evil)).status_code == 403
        async with event_source(serving.port, "/events"):
            await serving.joined(1)
            assert (await client.get(f"{url}/events")).status_code == 503
        await until(lambda: not serving.hub.clients)
        assert (await client.get(f"{url}/download?last=0")).status_code == 200


async def test_who_asks_for_the_head_alone_gets_it_and_joins_nothing(serve: Serve) -> None:
    serving = await serve()
    async with httpx.AsyncClient(timeout=5) as client:
        for path, kind in (("/events", "text/event-stream"), ("/download", "application/x-ndjson")):
            answer = await client.head(f"http://127.0.0.1:{serving.port}{path}")
            assert (answer.status_code, answer.content) == (200, b"")
            assert answer.headers["Content-Type"] == kind
    assert not serving.hub.clients


async def test_who_goes_while_nothing_is_sent_leaves_the_hub(serve: Serve) -> None:
    serving = await serve()
    async with event_source(serving.port, "/events"):
        await serving.joined(1)
    await until(lambda: not serving.hub.clients)
    assert not serving.hub.hot


async def test_an_answer_that_is_cancelled_leaves_the_hub() -> None:
    """So does the server, some seconds after the signal, with those that do not read."""
    hub = Hub(Ring(1024 * 1024), asyncio.get_running_loop())
    hub.open({})
    client = EventsClient(hub, Wish(), RAW)
    never = asyncio.Event()
    scope = {"type": "http", "method": "GET", "path": "/events", "app": edge("a", "b", Settings())}

    async def receive() -> Message:
        await never.wait()
        return {}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            await never.wait()

    answer = asyncio.create_task(HubResponse(client, EVENT_STREAM, {}, RETRY)(scope, receive, send))
    await until(lambda: hub.hot)
    answer.cancel()
    await asyncio.wait([answer])
    assert not hub.clients


@asynccontextmanager
async def a_deaf_reader(serving: Serving, path: str) -> AsyncIterator[tuple[socket.socket, HttpClient]]:
    """Its connection, which nobody reads, and what the hub knows of it."""
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        raw.setblocking(False)
        await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", serving.port))
        raw.sendall(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path.encode())
        await until(lambda: any(isinstance(one, HttpClient) for one in serving.hub.clients))
        (client,) = (one for one in serving.hub.clients if isinstance(one, HttpClient))
        yield raw, client


async def more_of(connection: socket.socket) -> bytes:
    some = await asyncio.get_running_loop().sock_recv(connection, 64 * 1024)
    assert some, "it was closed"
    return some


def unsent(serving: Serving) -> int:
    """Bytes that wait in this process for any HTTP client."""
    connections = cast(set[object], serving.server.server_state.connections)
    over_http = (one for one in connections if isinstance(one, HttpToolsProtocol))
    return sum(one.transport.get_write_buffer_size() for one in over_http)


async def test_who_does_not_read_stalls_nobody_and_holds_little(serve: Serve) -> None:
    serving = await serve(ring_bytes=100_000_000, ping_seconds=0.05)
    async with a_deaf_reader(serving, "/events") as (deaf, client), connect(serving.url) as other:
        await serving.joined(2)
        for _ in range(20):
            serving.publish(*[LINE] * 1000)
            assert await receive(other, 1000) == [LINE] * 1000
            assert client.in_hand <= TURN_BYTES + ENOUGH_BYTES
            assert unsent(serving) <= TURN_BYTES + ENOUGH_BYTES
        assert client.paused
        assert client in serving.hub.clients
        deaf.close()
        await until(lambda: client not in serving.hub.clients)


async def test_who_reads_slowly_gets_every_line_that_the_ring_still_holds(serve: Serve) -> None:
    serving = await serve(ring_bytes=100_000_000)
    async with a_deaf_reader(serving, "/events") as (slow, client):
        lines = [f"{number} {LINE}" for number in range(10_000)]
        for start in range(0, 10_000, 1000):
            serving.publish(*lines[start : start + 1000])
            await asyncio.sleep(0)
        await until(lambda: client.paused)
        received = bytearray()
        async with asyncio.timeout(30):
            while b"data: 9999 " not in received[-2000:] or not received.endswith(b"\n\n\r\n"):
                received += await more_of(slow)
        body = without_chunks(bytes(received).partition(b"\r\n\r\n")[2])
        seen = [part.partition(b"data: ")[2].decode() for part in body.split(b"\n\n")[1:-1]]
        assert seen == lines


def without_chunks(body: bytes) -> bytes:
    """The transfer coding taken off."""
    parts = []
    while body:
        size, _, body = body.partition(b"\r\n")
        parts.append(body[: int(size, 16)])
        body = body[int(size, 16) + 2 :]
    return b"".join(parts)


async def test_who_fell_out_of_the_ring_and_wanted_it_so_is_told_and_let_go(serve: Serve) -> None:
    serving = await serve(ring_bytes=200_000)
    async with a_deaf_reader(serving, "/events?slow=close") as (slow, client):
        serving.publish(*[LINE] * 20_000)
        received = b""
        async with asyncio.timeout(10):
            while not received.endswith(b"0\r\n\r\n"):
                received += await more_of(slow)
        assert received.count(b"event: notice") == 1
        assert b'data: {"notice": "fell behind", "token": ' in received
        assert client not in serving.hub.clients


async def test_what_is_gone_is_a_notice_with_an_id_and_is_told_once(
    serve_logs: Serve, writer: Writer
) -> None:
    await writer.write(10)
    serving = await serve_logs()
    async with event_source(serving.port, "/events?from=earliest") as source:
        await until(lambda: len(source.seen) == 10)
        first = source.seen[0].id
    await serving.stop()
    await writer.delete_before(5)
    serving = await serve_logs()
    async with event_source(serving.port, "/events", {"Last-Event-ID": first}) as source:
        await until(lambda: len(source.seen) == 6)
        notice = source.seen[0]
        assert notice.kind == "notice"
        assert json.loads(notice.data)["count"] == 4
        assert source.lines == writer.all[5:]
    async with event_source(serving.port, "/events", {"Last-Event-ID": notice.id}) as again:
        await until(lambda: len(again.seen) == 5)
        assert again.lines == writer.all[5:]


async def test_another_topic_is_read_when_somebody_asks(serve_logs: Serve, topics: Environment) -> None:
    serving = await serve_logs()
    written = await write(topics, "stock", ["a.v1", "b.v1"] * 6)
    async with event_source(serving.port, "/topics/stock/events?from=earliest&event=b.v1&meta=1") as source:
        await until(lambda: len(source.seen) == 6, 20)
        said = [json.loads(line) for line in source.lines]
        assert {one["topic"] for one in said} == {"stock"}
        assert {one["line"] for one in said} == set(written[1::2])


async def read_on(port: int, last: str, count: int) -> list[Event]:
    """So many events at most: the connection is cut behind the last of them, or because the hub is gone."""
    source: EventSource | None = None
    headers = {"Last-Event-ID": last} if last else {}
    try:
        async with event_source(port, "/events?from=earliest", headers) as source, asyncio.timeout(1):
            while len(source.seen) < count and not source.over:
                await asyncio.sleep(0.002)
    except (httpx.HTTPError, TimeoutError):
        await asyncio.sleep(0.02)
    return source.seen[:count] if source else []


async def test_cuts_and_kills_lose_and_double_nothing(
    run_service: RunService, topics: Environment, writer: Writer
) -> None:
    """As EventSource does it: after each cut the last id is sent again. A small ring, so that much is replayed."""
    hub = await asyncio.to_thread(run_service, "logs_service", LOGS_RING_BYTES=str(1024 * 1024))
    chance, seen, cuts = random.Random(3), list[Event](), 0

    async def write_and_kill() -> None:
        for step in range(60):
            await writer.write(chance.choice([1, 20, 100]), size=1500)
            if step % 10 == 4:
                await writer.repeat(writer.ids[-40:])
            if step in (20, 40):
                await asyncio.to_thread(hub.kill)
                await asyncio.to_thread(hub.spawn)
            await asyncio.sleep(chance.random() * 0.1)

    writing = asyncio.create_task(write_and_kill())
    async with asyncio.timeout(60):
        while not writing.done() or len(seen) < len(writer.all):
            seen += await read_on(hub.port, seen[-1].id if seen else "", chance.choice([1, 10, 100]))
            cuts += 1
            assert [event.data for event in seen] == writer.all[: len(seen)]
    await writing
    assert len(seen) == len(writer.all)
    assert cuts > 50


async def test_on_sigterm_an_open_stream_ends_at_once_and_the_process_with_0(
    run_service: RunService, topics: Environment
) -> None:
    service = await asyncio.to_thread(run_service, "logs_service")
    async with event_source(service.port, "/events") as source:
        await until(lambda: source.text)
        assert service.child is not None
        began = time.monotonic()
        os.kill(service.child.pid, signal.SIGTERM)
        await until(lambda: source.whole, 2)
        assert await asyncio.to_thread(service.child.wait, 5) == 0
        assert time.monotonic() - began < 3
