"""A service reports itself: what it waits for, what it has done and what waits for it; and never in anybody's way."""

import asyncio
from collections.abc import Callable

import pytest
from aiokafka import ConsumerRecord

from contracts import EVENT_TYPES, LogLine, Notification, ServiceMeasured
from dev import ports
from dev.kafka import Kafka
from event_bus import Broker, Database, On, OutboxCollection, Vitals, Worker
from event_bus import vitals as machinery
from event_bus.records import Outgoing
from event_bus.wire import encode
from tests.event_bus.cluster import Cluster, header, until
from tests.event_bus.process import trace
from tests.event_bus.story import accepted

STOPPED_WITHIN = 4.0  # seconds, of the fifteen that a service has for everything


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machinery, "EVERY", 0.2)
    monkeypatch.setattr(machinery, "LOOK_SECONDS", 0.05)


def measured(record: ConsumerRecord) -> ServiceMeasured:
    kind = EVENT_TYPES[header(record, "ce_type")]
    assert kind is ServiceMeasured
    return ServiceMeasured.model_validate_json(record.value)


async def reports(cluster: Cluster) -> list[ServiceMeasured]:
    return [measured(record) for record in await cluster.read("metrics")]


async def holds(cluster: Cluster, condition: Callable[[ServiceMeasured], object]) -> ServiceMeasured:
    """Waits for a report of this kind."""

    async def found() -> bool:
        return any(condition(report) for report in await reports(cluster))

    await until(found, 15)
    return next(report for report in await reports(cluster) if condition(report))


async def test_a_service_tells_what_is_missing_and_since_when_until_it_is_there(
    cluster: Cluster, broker: Broker
) -> None:
    await cluster.create("metrics")
    checks: dict[str, str | None] = {"database": "it does not answer", "relay": None}
    named = {name: lambda name=name: checks[name] for name in checks}
    async with Vitals(broker, "users_service", 3001, named):
        first = await holds(cluster, lambda report: report.not_ready)
        await until(lambda: _count(cluster, 3))
        checks["database"] = None
        await holds(cluster, lambda report: not report.not_ready)
    told = [report.not_ready for report in await reports(cluster) if report.not_ready]
    assert [(one.name, one.reason) for one in first.not_ready] == [("database", "it does not answer")]
    assert {missing[0].since for missing in told[:-1]} == {first.not_ready[0].since}
    assert first.service == "users_service"
    assert first.instance.endswith(":3001")


async def _count(cluster: Cluster, count: int) -> bool:
    return len(await reports(cluster)) >= count


async def test_the_last_word_is_that_it_stops(cluster: Cluster, broker: Broker) -> None:
    await cluster.create("metrics")
    async with Vitals(broker, "users_service", 3001, {}):
        await holds(cluster, lambda report: True)
    last = (await reports(cluster))[-1]
    assert [(one.name, one.reason) for one in last.not_ready] == [("process", "it is stopping")]


async def test_what_a_service_can_not_know_is_absent(cluster: Cluster, broker: Broker) -> None:
    await cluster.create("metrics")
    async with Vitals(broker, "users_service", 3001, {}, watched=lambda: {"clients": 2, "ring_fill": 0.25}):
        await holds(cluster, lambda report: True)
    (record, *_) = await cluster.read("metrics")
    assert record.key == measured(record).subject().encode()
    assert set(measured(record).model_fields_set) == {
        *("service", "instance", "every", "not_ready", "clients", "ring_fill")
    }
    assert measured(record).clients == 2


async def test_documents_that_wait_for_kafka_are_counted_whoever_wrote_them(
    cluster: Cluster, broker: Broker, database: Database
) -> None:
    await cluster.create("metrics")
    await OutboxCollection(database, "stories").insert({"_id": "one"}, [accepted("one", 0)])
    restarted = OutboxCollection(database, "stories")
    async with Vitals(broker, "storyteller", 3001, {}, outboxes=[restarted]):
        assert (await holds(cluster, lambda report: True)).pending == 1
        await restarted.insert({"_id": "two"}, [accepted("two", 0)])
        await holds(cluster, lambda report: report.pending == 2)


async def test_lag_is_what_is_written_and_not_done_yet(cluster: Cluster, broker: Broker) -> None:
    for name, partitions in (("metrics", 1), ("notifications", 2), ("tracer.dlq", 1), ("logs", 1)):
        await cluster.create(name, partitions)
    hold = asyncio.Event()

    async def slow(event: object) -> LogLine:
        await hold.wait()
        return await trace(event)  # type: ignore[arg-type]

    def stop(code: int, why: str) -> None:
        raise AssertionError(why)

    table = [On(Notification, slow, publishes=[LogLine])]
    async with (
        Worker(broker, "tracer", table, stop, alone=True) as worker,
        Vitals(broker, "tracer", 3004, {}, consumer=worker),
    ):
        await holds(cluster, lambda report: report.lag == {"notifications": 0})
        await cluster.publish([_record(f"key-{number}") for number in range(7)])
        await holds(cluster, lambda report: report.lag == {"notifications": 7})
        hold.set()
        done = await holds(cluster, lambda report: (report.handled or 0) >= 7)
        assert done.handled is not None
        after = len(await reports(cluster))
        await until(lambda: _count(cluster, after + 2))
        assert (await reports(cluster))[-2].lag == {"notifications": 0}


def _record(key: str) -> Outgoing:
    return encode(accepted(key, 0))


async def test_without_a_broker_it_starts_stops_and_says_nothing(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    (nobody,) = ports.free(1)
    clock = asyncio.get_running_loop().time
    began = clock()
    async with Vitals(Broker(f"127.0.0.1:{nobody}"), "users_service", 3001, {}):
        assert clock() - began < 0.1
        await asyncio.sleep(0.5)  # long enough for some attempts
        stopped = clock()
    assert clock() - stopped < STOPPED_WITHIN
    out, err = capsys.readouterr()
    assert (out, err, caplog.text) == ("", "", "")


async def test_with_a_frozen_broker_it_stops_in_time_and_with_one_that_is_back_it_goes_on(
    own_kafka: Callable[[], Kafka], prefix: str
) -> None:
    kafka = await asyncio.to_thread(own_kafka)
    cluster = Cluster(Broker(kafka.bootstrap_servers, prefix))
    await cluster.create("metrics")
    clock = asyncio.get_running_loop().time
    async with Vitals(cluster.broker, "users_service", 3001, {}):
        await holds(cluster, lambda report: True)
        await asyncio.to_thread(kafka.kill)
        await asyncio.to_thread(kafka.start)
        before = len(await reports(cluster))
        await until(lambda: _count(cluster, before + 1), 15)
        kafka.freeze()
        stopped = clock()
    assert clock() - stopped < STOPPED_WITHIN
    assert asyncio.all_tasks() == {asyncio.current_task()}
    kafka.thaw()
