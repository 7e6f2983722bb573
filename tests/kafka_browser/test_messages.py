"""Messages of a topic: in which order, from where, which of them, and how they look."""

import random
from base64 import b64decode
from typing import Any

import httpx2 as httpx

from event_bus.kafka import Producer
from event_bus.records import Outgoing
from tests.conftest import Environment
from tests.event_bus.cluster import Cluster
from tests.kafka_browser.serving import got, serving

Message = dict[str, Any]
MESSAGES = "/api/topics/cups/messages"


def place(message: Message) -> tuple[int, int]:
    return message["partition"], message["offset"]


async def write(cluster: Cluster, count: int, partitions: int = 1, at: int = 1_795_000_000_000) -> None:
    """Numbered, a second apart, on partitions by chance."""
    chance = random.Random(1)
    name = cluster.broker.named("cups")
    async with cluster.producer() as producer:
        for number in range(count):
            sent = await producer.send(
                name,
                b"cup %d" % number,
                key=b"key %d" % (number % 10),
                partition=chance.randrange(partitions),
                timestamp_ms=at + 1000 * number,
            )
        await producer.flush()
        await sent


async def everything(browser: httpx.AsyncClient, **query: Any) -> list[Message]:
    """Page by page to the last."""
    back = "before" if not query.keys() & {"offset", "time"} else "after"
    page = await got(browser, MESSAGES, **query)
    ahead, searched, messages = page["of"], page["searched"], page["messages"]
    while page["next"]:
        query = {name: value for name, value in query.items() if name not in ("offset", "time")}
        page = await got(browser, MESSAGES, **query, **{back: page["next"]})
        assert page["of"] == ahead - searched
        assert page["searched"] > 0  # else it would never end
        searched += page["searched"]
        messages += page["messages"]
    assert searched == ahead
    return list(messages)


async def test_newest_first_over_all_partitions_without_gap_or_repetition(
    browser: httpx.AsyncClient, cluster: Cluster
) -> None:
    await cluster.create("cups", 4)
    await write(cluster, 500, 4)
    messages = await everything(browser, limit=60)
    assert [message["value"] for message in messages] == [f"cup {number}" for number in reversed(range(500))]
    assert len({place(message) for message in messages}) == 500


async def test_what_is_written_between_two_pages_moves_nothing(
    browser: httpx.AsyncClient, cluster: Cluster
) -> None:
    await cluster.create("cups", 2)
    await write(cluster, 30, 2)
    first = await got(browser, MESSAGES, limit=10)
    await cluster.write("cups", [(None, b"new", [])] * 5)
    second = await got(browser, MESSAGES, limit=20, before=first["next"])
    values = [message["value"] for message in first["messages"] + second["messages"]]
    assert values == [f"cup {number}" for number in reversed(range(30))]
    assert second["next"] is None


async def test_oldest_first_from_an_offset_and_from_a_time(
    browser: httpx.AsyncClient, cluster: Cluster
) -> None:
    await cluster.create("cups", 3)
    await write(cluster, 200, 3)
    from_offset = await everything(browser, limit=50, offset=20)
    assert len(from_offset) == 140
    assert {message["offset"] for message in from_offset} >= {20}
    assert min(message["offset"] for message in from_offset) == 20
    assert from_offset == sorted(from_offset, key=lambda message: message["timestamp"])
    expected = [f"cup {number}" for number in range(150, 200)]
    for time in (str(1_795_000_000_000 + 150_000), "2026-11-18T11:09:10Z", "2026-11-18T12:09:10%2B01:00"):
        found = await everything(browser, limit=30, time=time.replace("%2B", "+"))
        assert [message["value"] for message in found] == expected
    assert (await got(browser, MESSAGES, time="2030-01-01T00:00:00Z"))["messages"] == []


async def test_one_partition_and_one_key(browser: httpx.AsyncClient, cluster: Cluster) -> None:
    await cluster.create("cups", 3)
    await write(cluster, 90, 3)
    every = await everything(browser)
    of_one = await everything(browser, partition=1)
    assert of_one == [message for message in every if message["partition"] == 1]
    of_key = await everything(browser, key="key 3", limit=4)
    assert [message["value"] for message in of_key] == [f"cup {number}" for number in range(83, 0, -10)]
    assert await everything(browser, key="key") == []


async def test_what_is_looked_for_may_stand_in_key_headers_or_value(
    browser: httpx.AsyncClient, cluster: Cluster
) -> None:
    await cluster.create("cups")
    needles = [(b"a needle", b"1", []), (b"k", b"the needle", []), (b"k", b"3", [("h", b"needle")])]
    await cluster.write(
        "cups", [*needles, (b"k", b"4", [("needle", b"")]), (b"k", b"5", []), (None, None, [])]
    )
    found = await everything(browser, contains="needle")
    assert [message["offset"] for message in found] == [3, 2, 1, 0]


async def test_a_search_is_bounded_says_so_and_goes_on(environment: Environment, cluster: Cluster) -> None:
    await cluster.create("cups", 2)
    await write(cluster, 3_000, 2)
    async with serving(environment, search_records=1_000) as browser:
        page = await got(browser, MESSAGES, contains="cup 27", limit=1)
        assert page["messages"][0]["value"] == "cup 2799"
        assert page["searched"] < 1_000
        page = await got(browser, MESSAGES, contains="nowhere")
        assert 0.9 * 1_000 < page["searched"] <= 1_000
        assert page["of"] == 3_000
        assert page["messages"] == []
        found = await everything(browser, contains="cup 2", key="key 9")
        assert [message["value"] for message in found][-2:] == ["cup 209", "cup 29"]


async def test_a_tombstone_says_so(browser: httpx.AsyncClient, cluster: Cluster) -> None:
    await cluster.create("cups")
    await cluster.write("cups", [(b"gone", None, []), (None, b"", [])])
    empty, gone = (await got(browser, MESSAGES))["messages"]
    assert (gone["tombstone"], gone["value"], gone["key"]) == (True, None, "gone")
    assert (empty["tombstone"], empty["value"], empty["key"], empty["size"]) == (False, "", None, 0)


async def test_what_is_no_text_is_shown_in_base64(browser: httpx.AsyncClient, cluster: Cluster) -> None:
    await cluster.create("cups")
    await cluster.write("cups", [(b"\xff", b"\xfe\x00", [("h", b"\xfd"), ("h", "é".encode())])])
    (message,) = (await got(browser, MESSAGES))["messages"]
    assert (message["key_base64"], b64decode(message["key"])) == (True, b"\xff")
    assert (message["value_base64"], b64decode(message["value"])) == (True, b"\xfe\x00")
    binary, text = message["headers"]
    assert (binary["base64"], b64decode(binary["value"])) == (True, b"\xfd")
    assert text == {"name": "h", "value": "é", "base64": False}


async def test_what_is_large_is_cut_in_a_list_and_whole_alone(
    browser: httpx.AsyncClient, cluster: Cluster
) -> None:
    await cluster.create("cups")
    await cluster.write("cups", [(b"k", b"x" + "é".encode() * 40_000, [])])
    (message,) = (await got(browser, MESSAGES))["messages"]
    assert message["cut"]
    assert message["size"] == 80_001
    assert message["value"] == "x" + "é" * 32_767  # no half of a character
    whole = await got(browser, f"{MESSAGES}/0/0")
    assert (whole["value"], whole["cut"]) == ("x" + "é" * 40_000, False)


async def test_an_answer_does_not_grow_without_end(browser: httpx.AsyncClient, cluster: Cluster) -> None:
    await cluster.create("cups")
    await cluster.write("cups", [(b"%d" % number, b"x" * 70_000, []) for number in range(150)])
    for query in ({}, {"offset": 0}):
        answer = await browser.get(MESSAGES, params={"limit": 200, **query})
        assert 60 <= len(answer.json()["messages"]) <= 70
        found = await everything(browser, limit=200, **query)
        keys = [int(message["key"]) for message in found]
        assert keys == (list(range(150)) if query else list(reversed(range(150))))


async def test_only_what_is_committed_and_markers_are_gaps(
    browser: httpx.AsyncClient, cluster: Cluster
) -> None:
    await cluster.create("cups")
    producer = Producer(cluster.broker, "a-writer")
    await producer.start()
    for number in range(3):
        await producer.transact([Outgoing("cups", b"k", b"%d" % number)], "nobody", {})
    await producer._client.begin_transaction()
    await producer._client.send_and_wait(cluster.broker.named("cups"), b"never")
    try:
        assert [place(message) for message in await everything(browser)] == [(0, 4), (0, 2), (0, 0)]
        await producer._client.abort_transaction()
        assert [place(message) for message in await everything(browser)] == [(0, 4), (0, 2), (0, 0)]
    finally:
        await producer.discard()
    answer = await browser.get(f"{MESSAGES}/0/1")
    assert answer.status_code == 404
    assert "transaction" in answer.json()["detail"]


async def test_what_is_wrong_is_refused_with_a_reason(browser: httpx.AsyncClient, cluster: Cluster) -> None:
    await cluster.create("cups")
    for query, status in [
        ("limit=0", 422),
        ("limit=201", 422),
        ("limit=many", 422),
        ("offset=-1", 422),
        ("time=yesterday", 422),
        ("time=2026-11-18T11:09:10", 422),
        ("before=somewhere", 422),
        ("before=cups:0:1&offset=3", 422),
        ("contain=x", 422),
        ("limit=1&limit=2", 400),
        ("contains=%ff", 400),
        ("partition=1", 404),
    ]:
        answer = await browser.get(f"{MESSAGES}?{query}")
        assert answer.status_code == status, (query, answer.text)
        assert answer.headers["Content-Type"] == "application/problem+json"
    for path in ("/api/topics/none/messages", f"{MESSAGES}/1/0", f"{MESSAGES}/0/0", "/api/topics/none/live"):
        assert (await browser.get(path)).status_code == 404, path
