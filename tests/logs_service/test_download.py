"""A download is all that there is now, once, and ends; what is not whole does not end as if it were."""

import asyncio
import json
from itertools import count

import httpx2 as httpx
import pytest

from logs_service.position import position_of
from tests.conftest import Environment, RunService
from tests.logs_service.serving import Serve, until
from tests.logs_service.test_events import LINE, a_deaf_reader, more_of, without_chunks
from tests.logs_service.test_other_topics import write
from tests.logs_service.writing import Writer


async def get(port: int, query: str = "", path: str = "/download") -> httpx.Response:
    async with httpx.AsyncClient(timeout=20) as client:
        return await client.get(f"http://127.0.0.1:{port}{path}?{query}")


async def lines(port: int, query: str = "", path: str = "/download") -> list[str]:
    answer = await get(port, query, path)
    assert answer.status_code == 200
    assert answer.content.endswith(b"\n") or not answer.content
    return answer.content.decode().split("\n")[:-1]


async def test_everything_that_kafka_has_also_what_was_written_just_now(
    serve_logs: Serve, writer: Writer
) -> None:
    """Three times what the ring holds."""
    await writer.write(1_500, size=1000)
    serving = await serve_logs(ring_bytes=1024 * 1024)
    for _ in range(20):
        await writer.write(100, size=1000)
        if len(writer.all) in (2_000, 3_000):
            answer = await get(serving.port)
            assert answer.text == "".join(f"{line}\n" for line in writer.all)
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="logs.ndjson"'
    await until(lambda: not serving.hub.clients)


async def test_with_meta_each_line_has_its_envelope_and_any_of_them_is_a_place_to_begin(
    serve_logs: Serve, writer: Writer
) -> None:
    await writer.write(10)
    serving = await serve_logs()
    messages = [json.loads(line) for line in await lines(serving.port, "meta=1")]
    assert [message["line"] for message in messages] == writer.all
    assert await lines(serving.port, f"after={messages[3]['token']}") == writer.all[4:]
    assert await lines(serving.port, f"after={messages[9]['token']}") == []


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ("last=3", 7, 10),
        ("last=0", 10, 10),
        ("since=1h", 0, 10),
        ("since=0s", 10, 10),
        ("since=2999-01-01T00:00:00Z", 10, 10),
        ('contains="number":4', 4, 5),
        ("contains=nowhere", 10, 10),
        ("from=earliest&regex=er.:[0-4]", 0, 5),
        ('last=1&contains="number":4', 4, 5),
    ],
)
async def test_the_same_starts_and_filters_as_everywhere(
    serve_logs: Serve, writer: Writer, query: str, first: int, last: int
) -> None:
    await writer.write(10)
    await writer.abort(5)  # behind the last line come offsets that are no lines
    serving = await serve_logs()
    if query == "since=0s":
        await asyncio.sleep(0.01)  # so that now is later than the last record
    assert await lines(serving.port, query) == writer.all[first:last]


async def test_an_empty_topic_is_an_empty_file(serve_logs: Serve, topics: Environment) -> None:
    serving = await serve_logs()
    assert await lines(serving.port) == []
    assert await lines(serving.port, path="/topics/stock/download") == []


async def test_a_topic_that_nobody_looked_at_before_is_whole_at_once(
    serve_logs: Serve, topics: Environment
) -> None:
    serving = await serve_logs()
    written = await write(topics, "stock", ["é" * 5_000] * 200)  # more than a client gets at a time
    assert sorted(await lines(serving.port, path="/topics/stock/download")) == sorted(written)


async def test_it_ends_though_lines_keep_coming_and_its_reader_is_slow(serve: Serve) -> None:
    """It never comes to the head of the ring, and stays behind it."""
    serving = await serve(ring_bytes=200_000_000)
    numbers = count()
    serving.publish(*(f"{next(numbers)} {LINE}" for _ in range(10_000)))
    async with a_deaf_reader(serving, "/download?last=10000") as (slow, client):
        received = bytearray()
        async with asyncio.timeout(30):
            while not received.endswith(b"\r\n0\r\n\r\n"):
                serving.publish(*(f"{next(numbers)} {LINE}" for _ in range(100)))
                received += await more_of(slow)
        body = without_chunks(bytes(received).partition(b"\r\n\r\n")[2])
        seen = body.decode().splitlines()
        assert 10_000 <= len(seen) < next(numbers) - 1_000
        assert seen == [f"{number} {LINE}" for number in range(len(seen))]
        assert client not in serving.hub.clients


async def test_it_ends_under_steady_traffic(serve_logs: Serve, writer: Writer) -> None:
    await writer.write(1_000, size=1000)
    serving = await serve_logs(ring_bytes=1024 * 1024)

    async def keep_writing() -> None:
        while True:
            await writer.write(50)

    writing = asyncio.create_task(keep_writing())
    try:
        for query in ("", "contains=nowhere", "meta=1"):
            there = len(writer.all)
            seen = await lines(serving.port, query)
            if query == "":
                assert seen == writer.all[: len(seen)]
                assert len(seen) >= there
            assert (len(seen) >= there) is (query != "contains=nowhere")
    finally:
        writing.cancel()
        await asyncio.wait([writing])


async def test_what_is_gone_is_a_line_or_else_the_transfer_is_cut_off(
    serve_logs: Serve, writer: Writer
) -> None:
    await writer.write(10)
    serving = await serve_logs()
    first, *_ = [json.loads(line)["token"] for line in await lines(serving.port, "meta=1")]
    await serving.stop()
    await writer.delete_before(5)
    serving = await serve_logs()
    assert await lines(serving.port) == writer.all[5:]  # nobody asked for what is gone
    notice, *rest = [json.loads(line) for line in await lines(serving.port, f"meta=1&after={first}")]
    assert (notice["notice"], notice["count"]) == ("lost", 4)
    assert [message["line"] for message in rest] == writer.all[5:]
    assert position_of(notice["token"])[0].offset == 4
    with pytest.raises(httpx.RemoteProtocolError):
        await get(serving.port, f"after={first}")
    await until(lambda: not serving.hub.clients)


async def test_who_goes_in_the_middle_leaves_the_hub(serve: Serve) -> None:
    serving = await serve(ring_bytes=100_000_000)
    serving.publish(*[LINE] * 10_000)
    async with a_deaf_reader(serving, "/download?last=10000") as (slow, client):
        await until(lambda: client.paused)
        slow.close()
        await until(lambda: not serving.hub.clients)


async def test_a_download_takes_nothing_of_the_ring(serve: Serve) -> None:
    serving = await serve(ring_bytes=100_000_000)
    serving.publish(*[LINE] * 1_000)
    serving.hub.flush()
    before = serving.hub.ring.bytes
    for query in ("last=1000", "last=1000&meta=1"):
        assert len(await lines(serving.port, query)) == 1_000
    assert serving.hub.ring.bytes == before


async def test_while_kafka_is_away_it_is_503(run_service: RunService) -> None:
    hub = await asyncio.to_thread(
        run_service, "logs_service", ready=False, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1"
    )
    await until(lambda: hub.missing().startswith("Not ready"))
    for path in ("/download", "/topics", "/topics/stock"):
        answer = await get(hub.port, path=path)
        assert answer.status_code == 503
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Retry-After"] == "1"
