"""The process that `benchmarks/worker.py` measures: one way to take what lies on a topic over to `logs`.

    python -m benchmarks.copying '{"way": "worker", …}'

At each batch that Kafka has taken it prints a mark: the time, the CPU seconds of this process, the records so far.
It goes on until it is killed. One that waits handles nothing before a line comes in.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import uvloop
from aiokafka import AIOKafkaProducer

import event_bus.worker
from benchmarks.bare_copy import copy_exactly_once
from contracts import INVENTORIES, LOGS, NOTIFICATIONS, Envelope, LogLine, Notification
from event_bus import Broker, On, Worker
from event_bus.calling import Caller
from event_bus.dispatch import Dispatch
from event_bus.kafka import BATCH_BYTES, Consumer, Producer, ProducerPair
from event_bus.membership import Membership
from event_bus.records import Outgoing, Partition, Record, places_behind
from event_bus.worker import TransactionalWork
from http_edge.server import collect_garbage_rarely
from notifications_service import handlers

_begun = asyncio.Event()


async def _trace(event: Envelope[Notification]) -> LogLine:
    await _begun.wait()
    return await handlers.trace(event)


LINES = [On(Notification, _trace, publishes=[LogLine])]


@dataclass(frozen=True)
class Task:
    """What to do, as which group, with so many records a transaction (0: as the worker sees fit)."""

    way: str  # a key of WAYS
    bootstrap_servers: str
    topic: str = INVENTORIES.name
    group: str = "copy"
    batch: int = 0
    alone: bool = True
    prefix: str = ""
    waits: bool = False

    @property
    def argv(self) -> list[str]:
        return [sys.executable, "-m", "benchmarks.copying", json.dumps(asdict(self))]


class Marks:
    """Prints how far we are."""

    def __init__(self) -> None:
        self._records = 0

    def taken(self, outputs: Sequence[object]) -> None:
        self._records += len(outputs)
        sys.stdout.write(f"{time.monotonic()} {time.process_time()} {self._records}\n")
        sys.stdout.flush()


class Copy(Dispatch):
    """Passes bytes on: what is left is the machinery of the worker."""

    async def handle(self, record: Record) -> list[Outgoing]:
        return [Outgoing(LOGS.name, record.key, record.value, record.headers)]


class PlainProducer(Producer):
    """Sends the same batches without a transaction."""

    def __init__(self, broker: Broker) -> None:
        Caller.__init__(self, broker)
        self._client = AIOKafkaProducer(
            bootstrap_servers=broker.bootstrap_servers, acks="all", max_batch_size=BATCH_BYTES
        )

    async def send(self, records: Sequence[Outgoing]) -> None:
        await asyncio.gather(*await self._send(await self._batches(records)))


class PlainWorker(TransactionalWork):
    """The same worker without transactions: what was sent and not yet committed is sent again after a crash."""

    producer: PlainProducer

    async def _commit(self, pair: ProducerPair, batch: list[Record], outputs: list[Outgoing]) -> None:
        await self.producer.send(outputs)
        self._taken(outputs)
        following = places_behind(batch)
        await self.consumer.commit(following)
        self.positions |= following


def _failed(code: int, why: str) -> None:
    sys.exit(f"{code}: {why}")


async def worker(task: Task) -> None:
    await _copy_with(task, TransactionalWork)


async def plain_worker(task: Task) -> None:
    PlainWorker.producer = PlainProducer(Broker(task.bootstrap_servers, task.prefix))
    await PlainWorker.producer.start()
    await _copy_with(task, PlainWorker)


async def _copy_with(task: Task, kind: type[TransactionalWork]) -> None:
    broker, marks = Broker(task.bootstrap_servers, task.prefix), Marks()
    dispatch = Copy(task.group, [])

    def work_on(consumer: Consumer, partitions: Sequence[Partition]) -> list[TransactionalWork]:
        shares = [partitions] if task.alone else [[partition] for partition in partitions]
        return [
            kind(broker, dispatch, consumer, share, f"{task.group}-{share[0].partition}", [], marks.taken)
            for share in shares
        ]

    async with Membership(broker, task.group, [task.topic], _failed, work_on, task.alone):
        await asyncio.Event().wait()


async def lines(task: Task) -> None:
    assert task.topic == NOTIFICATIONS.name
    broker, marks = Broker(task.bootstrap_servers, task.prefix), Marks()
    async with Worker(broker, task.group, LINES, _failed, marks.taken, alone=task.alone):
        if task.waits:
            await asyncio.to_thread(sys.stdin.readline)
        _begun.set()
        await asyncio.Event().wait()


async def bare(task: Task) -> None:
    await copy_exactly_once(task.bootstrap_servers, task.topic, task.group, task.batch, Marks().taken)


WAYS = {way.__name__: way for way in (bare, worker, plain_worker, lines)}

if __name__ == "__main__":
    task = Task(**json.loads(sys.argv[1]))
    if task.batch:
        event_bus.worker.MOST_RECORDS = task.batch
    collect_garbage_rarely()  # as every service does; the bare loop too
    uvloop.run(WAYS[task.way](task))
