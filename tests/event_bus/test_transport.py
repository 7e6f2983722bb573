"""A broker that is killed or frozen under load: every event arrives once, in order, and everything ends in time."""

import asyncio
import contextlib
import itertools
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from uuid import uuid5

import pytest

from contracts import LogLine, Notification
from dev import ports
from dev.kafka import Kafka
from event_bus import Broker, Database, DatabaseLease, On, OutboxCollection, Reader, Relay, Worker
from event_bus.errors import Unavailable
from event_bus.kafka import Consumer, Producer, ProducerPair
from event_bus.records import Committed, Outgoing, Partition, Record
from tests.event_bus.cluster import Cluster, ids, until
from tests.event_bus.process import trace
from tests.event_bus.story import Audit, accepted, reordered

IN_TIME = 10.0  # seconds: SIGTERM gives a service fifteen for everything


class Flow:
    """Documents → relay → notifications → worker → logs → reader, all in this process."""

    def __init__(self, cluster: Cluster, database: Database) -> None:
        broker = cluster.broker
        self.stops: list[tuple[int, str]] = []
        self.audit, self.lines, self._places = Audit(), list[Record](), itertools.count()
        self.outbox = OutboxCollection(database, "stories")
        stop = lambda code, why: self.stops.append((code, why))  # noqa: E731
        self.relay = Relay(broker, "storyteller", [self.outbox], DatabaseLease(database, 1), stop)
        self.worker = Worker(broker, "tracer", [On(Notification, trace, publishes=[LogLine])], stop)
        self.reader = Reader(broker, ["logs"], "beginning")
        self._telling = True

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Ends each of the three within its bound, whatever the broker does."""
        reading = asyncio.create_task(self._read())
        await self.relay.__aenter__()
        await self.worker.__aenter__()
        try:
            yield
        finally:
            async with asyncio.timeout(IN_TIME):
                await self.worker.__aexit__()
            async with asyncio.timeout(IN_TIME):
                await self.relay.__aexit__()
            reading.cancel()
            async with asyncio.timeout(IN_TIME):
                await asyncio.wait([reading])

    async def _read(self) -> None:
        async with contextlib.aclosing(self.reader.batches()) as batches:
            async for batch in batches:
                self.lines.extend(batch)

    async def tell(self, count: int = 8) -> None:
        keys = random.sample(range(50), count)
        await asyncio.gather(*(self._one(f"key-{key}") for key in keys))

    async def _one(self, key: str) -> None:
        event = accepted(key, next(self._places))
        if not await self.outbox.append(key, {"$inc": {"chapters": 1}}, [event]):
            await self.outbox.insert({"_id": key}, [event])
        self.audit.told([event])

    async def tell_while(self, trouble: "asyncio.Future[None]") -> None:
        while not trouble.done():
            await self.tell()
            await asyncio.sleep(0.05)  # some hundred a second
        await trouble

    def complete(self) -> bool:
        return len(self.lines) >= len(self.audit.together)

    def audited(self, lines: list[Record]) -> None:
        expected = [str(uuid5(events[0].id, LogLine.type)) for events in self.audit.together]
        assert sorted(ids(lines)) == sorted(expected)
        assert reordered(lines) == []


async def killed(kafka: Kafka) -> None:
    await asyncio.to_thread(kafka.kill)
    await asyncio.sleep(1)  # how long it is away
    await asyncio.to_thread(kafka.start)


async def frozen(kafka: Kafka) -> None:
    """Longer than a call's deadline, the session and the transaction time-out."""
    kafka.freeze()
    await asyncio.sleep(12)  # how long it is away
    kafka.thaw()


@pytest.mark.parametrize("trouble", [killed, frozen])
async def test_a_broker_away_under_load_costs_nothing_but_time(
    own_kafka: Callable[[], Kafka],
    database: Database,
    prefix: str,
    trouble: Callable[[Kafka], Coroutine[None, None, None]],
) -> None:
    kafka = await asyncio.to_thread(own_kafka)
    cluster = Cluster(Broker(kafka.bootstrap_servers, prefix))
    await cluster.create("notifications", 3)
    await cluster.create("logs", 1)
    await cluster.create("tracer.dlq", 1)
    flow = Flow(cluster, database)
    async with flow.running():
        await flow.tell(50)
        await until(flow.complete)
        await flow.tell_while(asyncio.create_task(trouble(kafka)))
        await until(flow.complete, 60)
        await flow.tell()
        await until(flow.complete)
        await until(
            lambda: not (flow.relay.not_ready() or flow.worker.not_ready() or flow.reader.not_ready())
        )
    flow.audited(flow.lines)
    flow.audited(list(await cluster.read("logs")))
    assert await cluster.read("tracer.dlq") == []
    assert flow.stops == []
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("away", ["killed", "frozen"])
async def test_everything_ends_in_time_while_the_broker_is_away(
    own_kafka: Callable[[], Kafka], database: Database, prefix: str, away: str
) -> None:
    kafka = await asyncio.to_thread(own_kafka)
    cluster = Cluster(Broker(kafka.bootstrap_servers, prefix))
    for topic in ("notifications", "logs", "tracer.dlq"):
        await cluster.create(topic)
    flow = Flow(cluster, database)
    producer, consumer = Producer(cluster.broker, "mine"), Consumer(cluster.broker)
    await producer.start()
    await consumer.start()
    await consumer.assign_all(["logs"])
    async with flow.running():  # the bounds are there
        await flow.tell()
        await until(flow.complete)
        await asyncio.to_thread(kafka.kill) if away == "killed" else kafka.freeze()
        await flow.tell()
        record = Outgoing("logs", b"key", b"value")
        with pytest.raises(Unavailable):
            async with asyncio.timeout(6):
                await producer.transact([record] * 3, "group", {Partition("x", 0): Committed(1)})
        async with asyncio.timeout(4):
            await producer.discard()
        async with asyncio.timeout(7):
            await consumer.discard()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_broker_that_never_was_is_reported_in_time() -> None:
    (port,) = ports.free(1)
    broker = Broker(f"127.0.0.1:{port}")
    async with asyncio.timeout(8):
        with pytest.raises(Unavailable):
            async with ProducerPair(broker, "mine"):
                pass
    consumer = Consumer(broker, "mine")
    async with asyncio.timeout(8):
        with pytest.raises(Unavailable):
            await consumer.start()
        await consumer.discard()
    assert asyncio.all_tasks() == {asyncio.current_task()}
