"""Topics with what they hold and how they are set; which requests are refused."""

from collections.abc import Callable

import httpx2 as httpx
import pytest

from dev.kafka import Kafka
from event_bus import Broker
from event_bus.kafka import ProducerPair
from tests.conftest import Environment
from tests.event_bus.cluster import Cluster, until
from tests.kafka_browser.serving import got, serving


async def test_every_topic_with_its_partitions_and_offsets(
    browser: httpx.AsyncClient, cluster: Cluster
) -> None:
    await cluster.create("cups", 2)
    await cluster.create("saucers")
    await cluster.write("cups", [(b"k", b"v", [])] * 7)
    cups, saucers = await got(browser, "/api/topics")
    on_disk = cups.pop("bytes")
    assert cups == {"name": "cups", "partitions": 2, "records": 7, "rate": 0.0, "internal": False}
    assert (saucers["name"], saucers["records"], saucers["bytes"]) == ("saucers", 0, 0)
    await cluster.write("cups", [(b"k", b"v" * 10_000, [])])
    assert on_disk > 7

    async def grown() -> bool:
        """What was seen holds for a second."""
        cups, _ = await got(browser, "/api/topics")
        return bool(cups["bytes"] - on_disk > 10_000)

    await until(grown, 10)


async def test_one_topic_with_leaders_and_settings(browser: httpx.AsyncClient, cluster: Cluster) -> None:
    await cluster.create("cups", 2, **{"cleanup.policy": "compact", "retention.bytes": "12345"})
    await cluster.write("cups", [(b"k", b"v", [])] * 3)
    topic = await got(browser, "/api/topics/cups")
    assert [(one["first"], one["next"]) for one in topic["partition_list"]] == [(0, 3), (0, 0)]
    assert all(one["leader"] >= 0 for one in topic["partition_list"])
    first, second = (one["bytes"] for one in topic["partition_list"])
    assert (first, second) == (topic["bytes"], 0)
    assert topic["settings"]["cleanup.policy"] == "compact"
    assert topic["settings"]["retention.bytes"] == "12345"
    assert "min.insync.replicas" in topic["settings"]
    assert (await browser.get("/api/topics/none")).status_code == 404


async def test_topics_of_kafka_itself_are_marked(own_kafka: Callable[[], Kafka]) -> None:
    """On a broker of its own: to look at the topics of all tests takes longer than a request may, on a busy day."""
    servers = own_kafka().bootstrap_servers
    cluster = Cluster(Broker(servers, ""))
    await cluster.create("cups")
    async with ProducerPair(cluster.broker, "somebody"):
        pass  # transactions have a topic of Kafka's
    async with serving({"KAFKA_BOOTSTRAP_SERVERS": servers, "TOPIC_PREFIX": ""}) as browser:
        there = {topic["name"]: topic["internal"] for topic in await got(browser, "/api/topics")}
    assert there == {"cups": False, "__transaction_state": True}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "localhost.evil.example:8080"}, 421),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "localhost:8080", "Origin": "http://localhost:8080"}, 200),
        ({}, 200),
    ],
)
async def test_a_page_of_elsewhere_may_read_nothing(
    browser: httpx.AsyncClient, cluster: Cluster, headers: dict[str, str], status: int
) -> None:
    await cluster.create("cups")
    for path in ("/api/topics/cups/messages", "/api/groups", "/api/dead-letters", "/"):
        assert (await browser.get(path, headers=headers)).status_code == status, path
    if status != 200:
        for path in ("/api/topics", "/api/topics/cups", "/api/topics/cups/messages/0/0"):
            assert (await browser.get(path, headers=headers)).status_code == status, path
        assert (await browser.get("/api/topics/cups/live", headers=headers)).status_code == status


async def test_without_kafka_everything_is_503_and_the_process_lives(environment: Environment) -> None:
    async with serving(environment | {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}) as browser:
        for path in (
            "/api/topics",
            "/api/topics/cups",
            "/api/topics/cups/messages",
            "/api/topics/cups/live",
            "/api/groups",
            "/api/dead-letters",
            "/readyz",
        ):
            answer = await browser.get(path)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1"), path
        assert (await browser.get("/healthz")).status_code == 200


async def test_the_page_for_people_and_json_for_programs(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/", headers={"Accept": "text/html"})
    assert page.headers["Content-Type"].startswith("text/html")
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    module = await browser.get("/page/app.js")
    assert module.headers["Content-Type"].startswith("text/javascript")
    assert (await browser.get("/page/../app.py")).status_code == 404
    assert (await browser.get("/")).json()["service"] == "kafka_browser"
