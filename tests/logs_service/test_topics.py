"""Which topics there are to look at, how far they reach, how fast they grow."""

import asyncio
from typing import Any

import httpx2 as httpx

from contracts.topics import LOGS, STOCK
from event_bus.growth import Look, Looks
from tests.conftest import Environment
from tests.logs_service.serving import Serve, Serving
from tests.logs_service.test_other_topics import write
from tests.logs_service.writing import Writer


async def get(serving: Serving, path: str) -> httpx.Response:
    async with httpx.AsyncClient(timeout=20) as client:
        return await client.get(f"http://127.0.0.1:{serving.port}{path}")


async def topics_of(serving: Serving) -> dict[str, Any]:
    answer = await get(serving, "/topics")
    assert answer.status_code == 200
    return {topic["name"]: topic for topic in answer.json()}


async def test_every_topic_that_may_be_looked_at_with_its_key_and_its_offsets(
    serve_logs: Serve, writer: Writer, topics: Environment
) -> None:
    await writer.write(10)
    await writer.delete_before(4)
    await write(topics, "stock", ["a.v1"] * 7)
    serving = await serve_logs(topics="stock,notifications,not_there_yet")
    there = await topics_of(serving)
    assert list(there) == ["notifications", "stock", "logs", "not_there_yet"]
    end = await writer.end()
    assert there["logs"] == {
        "name": "logs",
        "key": LOGS.key,
        "partitions": [{"partition": 0, "first": 4, "next": end}],
        "rate": 0.0,
    }
    assert there["stock"]["key"] == STOCK.key
    assert [(one["partition"], one["next"]) for one in there["stock"]["partitions"]] == [
        (0, 2),
        *((number, 1) for number in range(1, 6)),
    ]
    assert there["not_there_yet"] == {"name": "not_there_yet", "key": None, "partitions": [], "rate": 0.0}
    assert (await get(serving, "/topics/logs")).json() == there["logs"]


async def test_any_other_is_404(serve_logs: Serve, topics: Environment) -> None:
    serving = await serve_logs()
    for name in ("identity_keys", "nothing", topics["TOPIC_PREFIX"] + "logs"):
        answer = await get(serving, f"/topics/{name}")
        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "application/problem+json"


async def test_the_rate_is_that_of_the_last_seconds(serve_logs: Serve, writer: Writer) -> None:
    serving = await serve_logs()

    async def keep_writing() -> None:
        while True:
            await writer.write(9)  # and one marker
            await asyncio.sleep(0.1)

    writing = asyncio.create_task(keep_writing())
    try:
        first = (await get(serving, "/topics/logs")).json()["rate"]
        assert 20 <= first <= 110
    finally:
        writing.cancel()
        await asyncio.wait([writing])


async def test_kafka_is_asked_once_a_second_at_most_however_many_ask_and_never_else(
    serve_logs: Serve, topics: Environment, monkeypatch: Any
) -> None:
    looks = 0
    look = Looks._look

    async def counted(self: Looks) -> Look:
        nonlocal looks
        looks += 1
        return await look(self)

    monkeypatch.setattr(Looks, "_look", counted)
    serving = await serve_logs()
    assert looks == 0
    answers = await asyncio.gather(*(get(serving, "/topics") for _ in range(30)))
    assert len({answer.text for answer in answers}) == 1
    assert looks == 2

    async def is_seen() -> bool:
        there = await topics_of(serving)
        return bool(there["stock"]["partitions"][0]["next"] == 1)

    await write(topics, "stock", ["a.v1"])
    async with asyncio.timeout(5):
        while not await is_seen():
            await asyncio.sleep(0.05)
    assert looks <= 4
