"""A record that can't be handled goes to the dead-letter topic with the reason in its headers; the stream goes on."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from uuid import uuid5

import pytest
from aiokafka import ConsumerRecord

from contracts import Envelope, Event, LogLine, Notification, StockRequested
from event_bus import Broker, On, Worker
from event_bus.wire import encode
from tests.event_bus.cluster import Cluster, Raw, header, ids, until
from tests.event_bus.story import accepted, requested

Handler = Callable[[Envelope[Notification]], object]


async def trace(event: Envelope[Notification]) -> LogLine:
    return LogLine.about(event)


async def trace_or_fail(event: Envelope[Notification]) -> LogLine:
    """A handler with a bug that only some events meet."""
    if event.data.message == "13":
        raise ZeroDivisionError("thirteen")
    return LogLine.about(event)


async def trace_at_length(event: Envelope[Notification]) -> Iterable[Event]:
    """What follows from event 13 is larger than the broker takes; a line goes before it."""
    line = LogLine.about(event)
    if event.data.message != "13":
        return [line]
    return [line, line.model_copy(update={"message": "x" * 20_000})]


@asynccontextmanager
async def working(broker: Broker, handler: object = trace) -> AsyncIterator[Worker]:
    stops: list[tuple[int, str]] = []
    consumes = [On(Notification, handler, publishes=[LogLine])]  # type: ignore[arg-type]
    async with Worker(broker, "tracer", consumes, lambda code, why: stops.append((code, why))) as worker:
        yield worker
    assert stops == []


def raw(event: Envelope[Event], **changed: bytes | None) -> Raw:
    """The record of an event with some headers changed; None takes one out."""
    record = encode(event)
    headers = {**dict(record.headers), **changed}
    return record.key, record.value, [(name, part) for name, part in headers.items() if part is not None]


@pytest.fixture
async def topics(cluster: Cluster) -> None:
    await cluster.create("notifications", 1)
    await cluster.create("logs", 1)
    await cluster.create("tracer.dlq", 1)


async def read_when(cluster: Cluster, topic: str, count: int) -> list[ConsumerRecord]:
    found: list[ConsumerRecord] = []

    async def complete() -> bool:
        found[:] = await cluster.read(topic)
        return len(found) >= count

    await until(complete)
    return found


def _undecodable() -> dict[str, Raw]:
    """What is wrong, and a record of it."""
    good = accepted("key", 1)
    key, value, headers = raw(good)
    assert value is not None
    return {
        "bad JSON": (key, b"{", headers),
        "no JSON at all": (key, b"\xff\xfe", headers),
        "a field is missing": (key, b"{}", headers),
        "unknown type": raw(good, ce_type=b"nobody.knows.v1"),
        "a type of 600 kB": raw(good, ce_type=b"x" * 600_000),
        "no key": (None, value, headers),
        "no headers": (key, value, []),
        "no id": raw(good, ce_id=None),
        "a bad id": raw(good, ce_id=b"17"),
        "no time": raw(good, ce_time=None),
        "a bad time": raw(good, ce_time=b"yesterday"),
        "the end of time": raw(good, ce_time=b"9999-12-31T23:59:59-14:00"),
        "another version": raw(good, ce_specversion=b"7.0"),
        "invalid UTF-8 in a header": raw(good, ce_source=b"\xff\xfe"),
        "invalid UTF-8 in the trace": raw(good, traceparent=b"\xff"),
        "the key is not the subject": raw(good, ce_subject=b"another"),
        "of its own making": raw(good, ce_source=b"/tracer"),
        "a tombstone": (key, None, headers),
        "nothing at all": (None, None, []),
        "a header without a value": (key, value, [*headers, ("nothing", None)]),  # type: ignore[list-item]
    }


ACCEPTABLE = {"a header without a value"}  # legal in Kafka, and nothing that we need


async def test_each_kind_of_bad_record_is_buried_and_the_stream_goes_on(
    cluster: Cluster, broker: Broker, topics: None
) -> None:
    bad = _undecodable()
    first, last = accepted("key", 100), accepted("key", 200)
    await cluster.write("notifications", [raw(first), *bad.values(), raw(last)])
    async with working(broker):
        lines = await read_when(cluster, "logs", 2 + len(ACCEPTABLE))
        letters = await read_when(cluster, "tracer.dlq", len(bad) - len(ACCEPTABLE))
    good_ids = [str(uuid5(event.id, LogLine.type)) for event in (first, last)]
    assert [ids(lines)[0], ids(lines)[-1]] == good_ids
    assert len(letters) == len(bad) - len(ACCEPTABLE)
    offsets = [offset for offset, kind in enumerate(bad, start=1) if kind not in ACCEPTABLE]
    assert [int(header(letter, "dlq_offset")) for letter in letters] == offsets
    for letter, (kind, (key, value, headers)) in zip(
        letters, [item for item in bad.items() if item[0] not in ACCEPTABLE], strict=True
    ):
        assert header(letter, "dlq_reason"), kind
        assert len(header(letter, "dlq_reason")) <= 300
        assert header(letter, "dlq_topic") == broker.named("notifications")
        assert header(letter, "dlq_partition") == "0"
        assert letter.value == value, kind
        assert letter.key == (b"" if key is None and value is None else key), kind
        assert list(letter.headers[: len(headers)]) == headers, kind


async def test_a_header_name_that_is_no_text_is_said_and_nothing_is_skipped(
    cluster: Cluster, broker: Broker, topics: None
) -> None:
    """The client library can't read past such a record (nor can its producers write one): not ready, by name."""
    await cluster.write("notifications", [raw(accepted("key", 1))])
    await cluster.write_a_broken_header_name("notifications", b"key", b"{}")
    await cluster.write("notifications", [raw(accepted("key", 2))])
    async with working(broker) as worker:
        await until(lambda: "not UTF-8" in (worker.not_ready() or ""), 20)
    assert len(await cluster.read("logs")) <= 1


async def test_a_type_that_is_known_but_not_of_this_service_is_skipped(
    cluster: Cluster, broker: Broker, topics: None
) -> None:
    await cluster.write("notifications", [raw(requested("key", 1)), raw(accepted("key", 2))])
    async with working(broker):
        lines = await read_when(cluster, "logs", 1)
    assert len(lines) == 1
    assert await cluster.read("tracer.dlq") == []
    assert StockRequested.type in str(raw(requested("key", 1)))


async def test_a_handler_that_fails_on_one_event_buries_this_one_alone(
    cluster: Cluster, broker: Broker, topics: None
) -> None:
    events = [accepted("key", number) for number in range(30)]
    await cluster.write("notifications", map(raw, events))
    async with working(broker, trace_or_fail):
        lines = await read_when(cluster, "logs", 29)
        (letter,) = await read_when(cluster, "tracer.dlq", 1)
    assert ids(lines) == [str(uuid5(event.id, LogLine.type)) for event in events if event is not events[13]]
    assert "thirteen" in header(letter, "dlq_reason")


async def test_an_output_that_the_broker_refuses_buries_its_input_alone(
    cluster: Cluster, broker: Broker
) -> None:
    """The broker, not the client, finds it too large: the batch fails, and is cut down to the one to blame."""
    await cluster.create("notifications", 1)
    await cluster.create("tracer.dlq", 1)
    await cluster.create("logs", 1, **{"max.message.bytes": "8000"})
    events = [accepted("key", number) for number in range(30)]
    await cluster.write("notifications", map(raw, events))
    async with working(broker, trace_at_length):
        lines = await read_when(cluster, "logs", 29)
        letters = await read_when(cluster, "tracer.dlq", 1)
    assert ids(lines) == [str(uuid5(event.id, LogLine.type)) for event in events if event is not events[13]]
    assert [header(letter, "dlq_offset") for letter in letters] == ["13"]


async def test_when_not_even_the_dead_letter_fits_a_cut_one_is_written(
    cluster: Cluster, broker: Broker
) -> None:
    await cluster.create("notifications", 1)
    await cluster.create("logs", 1, **{"max.message.bytes": "8000"})
    await cluster.create("tracer.dlq", 1, **{"max.message.bytes": "100000"})
    key, _, headers = raw(accepted("key", 1))
    await cluster.write("notifications", [(key, b"{" * 500_000, headers), raw(accepted("key", 2))])
    async with working(broker):
        (letter,) = await read_when(cluster, "tracer.dlq", 1)
        assert len(await read_when(cluster, "logs", 1)) == 1
    assert header(letter, "dlq_cut") == "true"
    assert len(letter.value) == 65_536


async def test_an_input_of_a_megabyte_with_large_headers_is_buried_whole(
    cluster: Cluster, broker: Broker, topics: None
) -> None:
    key, _, headers = raw(accepted("key", 1))
    big = (key, b"{" * 999_000, [*headers, *((f"h{number}", b"x" * 10_000) for number in range(50))])
    await cluster.write("notifications", [big, raw(accepted("key", 2))])
    async with working(broker):
        (letter,) = await read_when(cluster, "tracer.dlq", 1)
        assert len(await read_when(cluster, "logs", 1)) == 1
    assert letter.value == big[1]
    assert list(letter.headers[: len(big[2])]) == big[2]


async def test_an_event_handled_again_has_the_same_ids(
    cluster: Cluster, broker: Broker, topics: None
) -> None:
    event = accepted("key", 1)
    await cluster.write("notifications", [raw(event), raw(event)])
    async with working(broker):
        lines = await read_when(cluster, "logs", 2)
    assert ids(lines) == [str(uuid5(event.id, LogLine.type))] * 2


async def test_a_worker_is_ready_and_leaves_nothing_behind(
    broker: Broker, cluster: Cluster, topics: None
) -> None:
    async with working(broker) as worker:
        await until(lambda: worker.not_ready() is None, 20)
    assert asyncio.all_tasks() == {asyncio.current_task()}
