"""Consumer groups and their lag, the ledgers of outboxes, and dead letters."""

from typing import Any

import httpx2 as httpx

from event_bus import Partition
from event_bus.kafka import Consumer, Producer
from event_bus.records import Committed
from tests.event_bus.cluster import Cluster, Raw, until
from tests.kafka_browser.serving import got


async def test_a_group_with_its_member_and_how_far_behind_it_is(
    browser: httpx.AsyncClient, cluster: Cluster
) -> None:
    await cluster.create("cups", 2)
    await cluster.write("cups", [(b"k", b"v", [])] * 10)
    consumer = Consumer(cluster.broker, "drinkers")
    try:
        await consumer.start()
        consumer.subscribe(["cups"])
        await until(lambda: len(consumer.assignment) == 2)
        await consumer.commit({Partition(cluster.broker.named("cups"), 0): 4})
        (group,) = await got(browser, "/api/groups")
        assert group == {"name": "drinkers", "state": "Stable", "members": 1, "lag": 6, "ledger": False}
        view = await got(browser, "/api/groups/drinkers")
        (progress,) = view["partitions"]
        assert progress.pop("member").endswith("@127.0.0.1")
        assert progress == {"topic": "cups", "partition": 0, "committed": 4, "end": 10, "lag": 6}
    finally:
        await consumer.discard()
    assert (await browser.get("/api/groups/others")).status_code == 404

    async def left() -> bool:
        (group,) = await got(browser, "/api/groups")
        return (group["state"], group["members"], group["lag"]) == ("Empty", 0, 6)

    await until(left)


async def test_a_ledger_is_marked_and_has_no_lag(browser: httpx.AsyncClient, cluster: Cluster) -> None:
    await cluster.create("cups")
    await cluster.write("cups", [(b"k", b"v", [])] * 10)
    producer = Producer(cluster.broker, "a-relay")
    await producer.start()
    place = {Partition(cluster.broker.named("cups"), 0): Committed(3, "ids")}
    await producer.transact([], "users_service-outbox-ledger", place)
    await producer.discard()
    (group,) = await got(browser, "/api/groups")
    assert (group["name"], group["ledger"], group["lag"]) == ("users_service-outbox-ledger", True, None)
    (progress,) = (await got(browser, "/api/groups/users_service-outbox-ledger"))["partitions"]
    assert (progress["committed"], progress["lag"]) == (3, None)


def letter(reason: str, offset: int) -> Raw:
    headers = [
        ("ce_type", b"cups.filled.v1"),
        ("dlq_reason", reason.encode()),
        ("dlq_topic", b"cups"),
        ("dlq_partition", b"2"),
        ("dlq_offset", str(offset).encode()),
        ("dlq_timestamp", b"1"),
        ("dlq_service", b"drinkers"),
    ]
    return b"k", b"not JSON", headers


def said(letters: dict[str, Any]) -> list[tuple[str | None, str | None, str | None]]:
    return [(one["reason"], one["source"], one["resolution"]) for one in letters["dead_letters"]]


async def test_dead_letters_of_all_services_newest_first_with_their_reasons(
    browser: httpx.AsyncClient, cluster: Cluster
) -> None:
    assert (await got(browser, "/api/dead-letters"))["dead_letters"] == []
    for name in ("one.dlq", "two.dlq", "cups"):
        await cluster.create(name)
    await cluster.write("one.dlq", [letter("it is too hot", 17)])
    await cluster.write("two.dlq", [letter("it is empty", 18)])
    await cluster.write("cups", [(b"k", b"no letter", [])])
    await cluster.write("one.dlq", [(b"one.dlq:0:0", None, [("dlq_resolution", b"dropped")])])
    letters = await got(browser, "/api/dead-letters")
    assert said(letters) == [
        (None, None, "dropped"),
        ("it is empty", "cups:2:18", None),
        ("it is too hot", "cups:2:17", None),
    ]
    assert letters["dead_letters"][2]["service"] == "drinkers"
    assert letters["dead_letters"][2]["message"]["value"] == "not JSON"
    assert said(await got(browser, "/api/dead-letters", contains="too hot")) == said(letters)[2:]
    first = await got(browser, "/api/dead-letters", limit=1)
    assert said(await got(browser, "/api/dead-letters", before=first["next"])) == said(letters)[1:]
