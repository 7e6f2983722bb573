"""Any topic that may be looked at: read from Kafka while somebody looks, and forgotten afterwards."""

import json

import pytest
from aiokafka import AIOKafkaProducer
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from logs_service import streams
from logs_service.settings import Settings
from tests.conftest import Environment
from tests.logs_service.serving import Serve, Serving, until
from tests.logs_service.watching import lines, receive
from tests.logs_service.writing import Writer


def headers(event: str, number: int) -> list[tuple[str, bytes]]:
    return [
        ("ce_id", b"%s-%d" % (event.encode(), number)),
        ("ce_type", event.encode()),
        ("ce_source", b"/a_service"),
    ]


async def write(environment: Environment, topic: str, events: list[str]) -> list[str]:
    """On all partitions by turns."""
    values = [json.dumps({"number": number, "message": event}) for number, event in enumerate(events)]
    name = environment["TOPIC_PREFIX"] + topic
    async with AIOKafkaProducer(bootstrap_servers=environment["KAFKA_BOOTSTRAP_SERVERS"]) as producer:
        for number, (event, value) in enumerate(zip(events, values, strict=True)):
            await producer.send_and_wait(
                name, value.encode(), headers=headers(event, number), partition=number % 6
            )
    return values


def url(serving: Serving, topic: str, query: str = "") -> str:
    return f"{serving.url}topics/{topic}?{query}"


async def test_the_records_of_a_topic_and_its_events_alone(serve_logs: Serve, topics: Environment) -> None:
    serving = await serve_logs()
    written = await write(topics, "notifications", ["a.v1", "b.v1"] * 6)
    async with (
        connect(url(serving, "notifications", "meta=1&from=earliest")) as everything,
        connect(url(serving, "notifications", "from=earliest&event=b.v1&service=a_service")) as some,
        connect(serving.url) as log_lines,
    ):
        messages = await receive(everything, 12)
        assert sorted(lines(messages)) == sorted(written)
        assert {message["topic"] for message in messages} == {"notifications"}
        assert {await some.recv() for _ in range(6)} == set(written[1::2])
        (live,) = await write(topics, "notifications", ["b.v1"])
        assert await some.recv() == live
        with pytest.raises(TimeoutError):
            await receive(log_lines, 1, 0.2)


async def test_resuming_by_token_on_many_partitions(serve_logs: Serve, topics: Environment) -> None:
    serving = await serve_logs()
    written = await write(topics, "stock", ["moved.v1"] * 60)
    got: list[str] = []
    query = "meta=1&from=earliest"
    while len(got) < len(written):
        async with connect(url(serving, "stock", query)) as client:
            messages = await receive(client, 7 if len(got) < 56 else len(written) - len(got))
        got += lines(messages)
        query = f"meta=1&after={messages[-1]['token']}"
    assert sorted(got) == sorted(written)


async def test_the_log_lines_have_that_address_too(serve_logs: Serve, writer: Writer) -> None:
    serving = await serve_logs()
    async with connect(url(serving, "logs")) as live:
        written = await writer.write(3)
        await receive(live, 3)  # the last ones are those that the hub has seen
    async with connect(url(serving, "logs", "last=2")) as client:
        assert [await client.recv(), await client.recv()] == written[1:]


@pytest.mark.parametrize(
    "path", ["topics/identity_keys", "topics/__consumer_offsets", "topics/", "topics/no", "stock"]
)
async def test_any_other_path_is_not_found(serve_logs: Serve, path: str) -> None:
    serving = await serve_logs()
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{serving.url}{path}")
    assert refused.value.response.status_code == 404


async def test_only_what_is_allowed_can_be_looked_at(serve_logs: Serve) -> None:
    serving = await serve_logs(topics="stock")
    async with connect(url(serving, "stock")), connect(serving.url):
        with pytest.raises(InvalidStatus):
            await connect(url(serving, "notifications"))


@pytest.mark.parametrize(
    "name", ["__consumer_offsets", "__transaction_state", "a/b", "x y", "_" * 3, "x" * 250]
)
def test_what_is_no_topic_of_ours_can_not_be_allowed(name: str) -> None:
    with pytest.raises(ValueError, match="topics"):
        Settings.model_validate({"topics": f"stock,{name}"})


async def test_a_topic_that_nobody_looks_at_is_not_read(
    serve_logs: Serve, topics: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "IDLE_SECONDS", 0.2)
    serving = await serve_logs()
    written = await write(topics, "stock", ["moved.v1"] * 6)
    open_streams = serving.server.lifespan.state["find_stream"].__self__.open
    async with connect(url(serving, "stock", "last=6")) as client:
        await until(lambda: len(open_streams) == 2)
        assert {await client.recv() for _ in written} == set(written)
    await until(lambda: [stream.topic for stream in open_streams] == ["logs"])
    async with connect(url(serving, "stock", "last=6")) as client:
        assert {await client.recv() for _ in written} == set(written)
