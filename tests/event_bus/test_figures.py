"""The figures of the machinery: what handlers did, who is behind, since when something waits, how late it was."""

import asyncio
import math
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

from contracts import Envelope, LogLine, Notification, PaymentAccepted, StockRequested
from dev import ports
from event_bus import Broker, Database, DatabaseLease, On, OutboxCollection, Relay, Vitals, Worker
from event_bus import vitals as machinery
from event_bus.dispatch import Dispatch
from event_bus.outbox import Pending, entry, note_delay, raw_entry
from event_bus.records import Outgoing, Record
from event_bus.wire import encode
from tests.event_bus.cluster import Cluster, until
from tests.event_bus.process import trace
from tests.event_bus.story import accepted
from tests.event_bus.test_fold import folded, sold


def figure(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


def counted(name: str, **labels: str) -> float:
    return figure(name, **labels) or 0.0


def stop(code: int, why: str) -> None:
    raise AssertionError(why)


class Read:
    """A record as it was consumed."""

    def __init__(self, written: Outgoing) -> None:
        self.topic, self.key, self.value, self.headers = (
            written.topic,
            written.key,
            written.value,
            written.headers,
        )
        self.partition = self.offset = self.timestamp = 0


async def handled(handler: Any) -> list[Outgoing]:
    record: Record = Read(encode(accepted("p1", 0)))  # type: ignore[assignment]
    return await Dispatch("tracer", [On(Notification, handler, publishes=[LogLine])]).handle(record)


async def test_of_a_handler_events_and_time_are_counted_by_type() -> None:
    kind = {"type": PaymentAccepted.type}
    before = [counted(f"worker_{name}_total", **kind) for name in ("events_handled", "handler_seconds")]

    async def slow(event: Envelope[Notification]) -> LogLine:
        await asyncio.sleep(0.02)
        return await trace(event)

    await handled(slow)
    assert counted("worker_events_handled_total", **kind) == before[0] + 1
    assert counted("worker_handler_seconds_total", **kind) >= before[1] + 0.02


async def test_what_a_handler_failed_at_is_counted_by_type_and_not_as_handled() -> None:
    kind = {"type": PaymentAccepted.type}
    names = ("worker_handler_failures_total", "worker_events_handled_total")
    failures, events = (counted(name, **kind) for name in names)

    async def broken(event: Envelope[Notification]) -> LogLine:
        raise ZeroDivisionError

    await handled(broken)
    assert [counted(name, **kind) for name in names] == [failures + 1, events]


@pytest.mark.parametrize("pieces", [0, 13], ids=["refused", "a bug"])
def test_what_a_rule_did_and_did_not_is_counted_by_type(pieces: int) -> None:
    kind = {"type": StockRequested.type}
    names = ("worker_events_handled_total", "worker_handler_failures_total")
    events, failures = (counted(name, **kind) for name in names)
    folded(sold(5, pieces, 3))
    assert [counted(name, **kind) for name in names] == [events + 2, failures + 1]


async def test_who_is_behind_is_told_by_partition_and_how_late_it_was_afterwards(
    monkeypatch: pytest.MonkeyPatch, cluster: Cluster, broker: Broker
) -> None:
    monkeypatch.setattr(machinery, "MEASURED_SECONDS", 0.0)
    for name, partitions in (("metrics", 1), ("notifications", 2), ("tracer.dlq", 1), ("logs", 1)):
        await cluster.create(name, partitions)
    hold, late = asyncio.Event(), counted("consumer_delay_seconds_count")

    async def slow(event: Envelope[Notification]) -> LogLine:
        await hold.wait()
        return await trace(event)

    async def lags(*expected: float) -> bool:
        await vitals.measure()
        of = {"group": "tracer", "topic": "notifications"}
        found = [figure("consumer_lag", **of, partition=str(number)) for number in range(2)]
        return sorted(lag for lag in found if lag is not None) == [*expected]

    async with (
        Worker(broker, "tracer", [On(Notification, slow, publishes=[LogLine])], stop, alone=True) as worker,
        Vitals(broker, "tracer", 3004, {}, consumer=worker) as vitals,
    ):
        await until(lambda: lags(0, 0), 20)
        await cluster.publish([encode(accepted("the-same", number)) for number in range(7)])
        await until(lambda: lags(0, 7), 20)
        hold.set()
        await until(lambda: lags(0, 0), 20)
        assert counted("consumer_delay_seconds_count") > late
    assert await lags()  # what it has not got any more it does not tell


async def test_what_waits_is_counted_with_its_age_whoever_wrote_it(
    monkeypatch: pytest.MonkeyPatch, cluster: Cluster, broker: Broker, database: Database
) -> None:
    monkeypatch.setattr(machinery, "MEASURED_SECONDS", 0.0)
    await cluster.create("notifications")
    outbox, late = OutboxCollection(database, "figures"), counted("relay_delay_seconds_count")
    vitals = Vitals(broker, "storyteller", 3001, {}, outboxes=[outbox])

    async def waiting() -> list[float | None]:
        await vitals.measure()
        names = ("outbox_pending_documents", "outbox_oldest_seconds")
        return [figure(name, collection="figures") for name in names]

    assert await waiting() == [0, 0]
    await OutboxCollection(database, "figures").insert({"_id": "one"}, [accepted("one", 0)])
    pending, oldest = await waiting()
    assert pending == 1
    assert oldest is not None
    await until(lambda: _older(waiting, oldest))

    async with Relay(broker, "storyteller", [outbox], DatabaseLease(database, 1), stop):
        await until(lambda: _is(waiting, [0, 0]), 20)
    assert counted("relay_delay_seconds_count") == late + 1


async def _older(waiting: Any, than: float) -> bool:
    return bool((await waiting())[1] > than)


async def _is(waiting: Any, expected: list[float]) -> bool:
    return bool(await waiting() == expected)


async def test_without_its_database_nobody_tells_an_age(broker: Broker) -> None:
    (nobody,) = ports.free(1)
    async with Database(f"mongodb://127.0.0.1:{nobody}/?serverSelectionTimeoutMS=100", "nothing") as away:
        outbox = OutboxCollection(away, "figures-away")
        await Vitals(broker, "storyteller", 3001, {}, outboxes=[outbox]).measure()
    assert math.isnan(counted("outbox_oldest_seconds", collection="figures-away"))


def test_how_late_an_event_left_counts_from_its_birth_and_a_dead_letter_does_not_count() -> None:
    count, total = counted("relay_delay_seconds_count"), counted("relay_delay_seconds_sum")
    yesterday = accepted("p1", 0).model_copy(update={"time": datetime.now(UTC) - timedelta(days=1)})
    letter = raw_entry(uuid4(), encode(yesterday))
    note_delay([Pending("only to be cleared", []), Pending("p0", [letter])])
    assert counted("relay_delay_seconds_count") == count
    note_delay([Pending("only to be cleared", []), Pending("p1", [entry(yesterday)])])
    assert counted("relay_delay_seconds_count") == count + 1
    assert counted("relay_delay_seconds_sum") - total == pytest.approx(86_400, abs=60)
