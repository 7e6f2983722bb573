"""How many events a second a worker takes from a backlog, exactly once, beside a bare loop over the client library.

Starts a broker of its own and, one after the other, the processes that it measures. About seven minutes.
"""

import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import NamedTuple
from uuid import uuid4

import psutil
import uvloop
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError
from rich.console import Console
from rich.table import Table

from benchmarks.copying import Task
from benchmarks.http_load import percentile
from contracts import INVENTORIES, LOGS, NOTIFICATIONS, STOCK, Envelope, PaymentAccepted
from dev import ports
from dev.child import Child
from dev.kafka import Kafka
from dev.services import INIT
from event_bus import Broker, Reader
from event_bus.kafka import ProducerPair
from event_bus.records import Committed, Outgoing, Partition
from event_bus.wire import encode

BACKLOG = 200_000  # records, on each of the two topics
SIZE = 250  # bytes of a value
ROUNDS = 3  # the median of so many
SECONDS = 15.0  # the most that one run may take: small transactions would take minutes
CURVE = (50, 200, 500, 2_000)  # records a transaction
console = Console(width=110)


class Mark(NamedTuple):
    time: float
    cpu: float
    records: int


@dataclass
class Run:
    """Records a second, records per CPU second of the processes measured, and the share of a core that Kafka took."""

    rate: float
    per_cpu: float
    kafka: float


def main() -> None:
    with broker() as kafka:
        uvloop.run(measure(kafka))


@contextlib.contextmanager
def broker() -> Iterator[Kafka]:
    with tempfile.TemporaryDirectory(prefix="shop-bench-") as name:
        port, controller = ports.free(2)
        kafka = Kafka(Path(name) / "kafka", port, controller)
        try:
            kafka.start()
            create_topics(kafka, "")
            yield kafka
        finally:
            kafka.stop()


def create_topics(kafka: Kafka, prefix: str) -> None:
    environment = {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "TOPIC_PREFIX": prefix}
    init = Child(INIT, [sys.executable, "-m", INIT], kafka.folder / "init.log", environment)
    assert init.wait(60) == 0


async def measure(kafka: Kafka) -> None:
    await write_backlog(Broker(kafka.bootstrap_servers))
    await side_by_side(kafka)
    await curve(kafka)
    await latency(kafka)
    await two_instances(kafka)


# The backlog


async def write_backlog(broker: Broker) -> None:
    """The same payments twice: as bytes without headers, and as the events that payments_service publishes."""
    nowhere = {Partition(INVENTORIES.name, 0): Committed(0)}
    async with ProducerPair(broker, f"{broker.prefix}backlog") as pair:
        for _ in range(0, BACKLOG, 1_000):
            events = [event() for _ in range(1_000)]
            plain = [Outgoing(INVENTORIES.name, each.key, each.value) for each in events]
            await pair.transact([*events, *plain], "backlog", nowhere)


def event() -> Outgoing:
    payment = str(uuid4())
    data = PaymentAccepted(
        message="guest paid 25.00 EUR",
        user="guest",
        payment_id=payment,
        amount="25.00",
        currency="EUR",
        method="card",
        order_id=payment,
        reference="r" * 34,
    )
    record = encode(Envelope.born(data, "payments_service", payment))
    assert len(record.value or b"") == SIZE
    return record


# The runs


async def side_by_side(kafka: Kafka) -> None:
    """In turn, so that each meets the same moments of the machine."""
    events = Task("lines", kafka.bootstrap_servers, NOTIFICATIONS.name)
    bytes_ = Task("worker", kafka.bootstrap_servers)
    ways = {
        "bare loop, 250 bytes without headers": [replace(bytes_, way="bare", batch=2_000)],
        "worker that passes them on": [bytes_],
        "  the same without transactions, plain acks=all": [replace(bytes_, way="plain_worker")],
        "bare loop, events of 250 bytes with their headers": [replace(events, way="bare", batch=2_000)],
        "worker that passes them on ": [replace(events, way="worker")],
        "notifications_service": [events],
    }
    runs: dict[str, list[Run]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, tasks in ways.items():
            runs[name].append(await run(kafka, tasks))
    show({name: middle(found) for name, found in runs.items()})


async def two_instances(kafka: Kafka) -> None:
    """Of notifications_service, on two cores, beside one of it on one core: Kafka is on the same cores each time.

    And beside one that has the second core for Kafka alone. In turn. Where cores can't be given, without the first.
    """
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []
    ways = {
        **({"one instance and Kafka, on one core": (1, cores[:1])} if cores else {}),
        "one instance and Kafka, on two cores": (1, cores[:2]),
        "two instances and Kafka, on two cores": (2, cores[:2]),
    }
    runs: dict[str, list[Run]] = {name: [] for name in ways}
    for turn in range(ROUNDS):
        for name, (count, given) in ways.items():
            runs[name].append(await together(kafka, count, f"{turn}-{len(given)}-{count}-", given))
    show({name: middle(found) for name, found in runs.items()})


async def together(kafka: Kafka, count: int, prefix: str, cores: Sequence[int]) -> Run:
    """They are given their partitions before there is a backlog, and begin at once, on these cores with Kafka."""
    create_topics(kafka, prefix)
    task = Task("lines", kafka.bootstrap_servers, NOTIFICATIONS.name, alone=False, prefix=prefix, waits=True)
    async with contextlib.AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(process(task)) for _ in range(count)]
        await members(kafka, f"{prefix}{task.group}", count)
        await write_backlog(Broker(kafka.bootstrap_servers, prefix))
        with confined([kafka.pid, *(each.pid for each in processes)], cores):
            for each in processes:
                assert each.stdin
                each.stdin.write(b"begin\n")
            return await watch(processes, kafka)


@contextlib.contextmanager
def confined(pids: Sequence[int], cores: Sequence[int]) -> Iterator[None]:
    """To these cores as long as it lasts; without cores to nothing."""
    if not cores:
        yield
        return
    _allow(pids, cores)
    try:
        yield
    finally:
        _allow(pids, sorted(os.sched_getaffinity(0)))


def _allow(pids: Sequence[int], cores: Sequence[int]) -> None:
    """The system knows threads alone: each of them, and new ones do as those that begin them."""
    for thread in [thread for pid in pids for thread in psutil.Process(pid).threads()]:
        with contextlib.suppress(ProcessLookupError):  # it ended meanwhile
            os.sched_setaffinity(thread.id, cores)


async def members(kafka: Kafka, group: str, count: int) -> None:
    """Wait until they share the group."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    try:
        async with asyncio.timeout(60):
            while True:
                if await _present(admin, group) == count:
                    return
                await asyncio.sleep(0.1)  # while they join
    finally:
        await admin.close()


async def curve(kafka: Kafka) -> None:
    tasks = {most: Task("worker", kafka.bootstrap_servers, NOTIFICATIONS.name, batch=most) for most in CURVE}
    show({f"at most {most} records a transaction": await run(kafka, [task]) for most, task in tasks.items()})


async def _present(admin: AIOKafkaAdminClient, group: str) -> int:
    try:
        (answer,) = await admin.describe_consumer_groups([group])
    except GroupCoordinatorNotAvailableError:  # the first group of a broker
        return 0
    ((_, _, state, _, _, present, *_),) = answer.groups
    return len(present) if state == "Stable" else 0


def middle(runs: Sequence[Run]) -> Run:
    return Run(*(median(getattr(each, name) for each in runs) for name in ("rate", "per_cpu", "kafka")))


def show(runs: Mapping[str, Run]) -> None:
    table = Table("what", "records/s", "per CPU second", "Kafka's share of a core")
    for what, found in runs.items():
        table.add_row(what, f"{found.rate:,.0f}", f"{found.per_cpu:,.0f}", f"{found.kafka:.0%}")
    console.print(table)


async def run(kafka: Kafka, tasks: Sequence[Task]) -> Run:
    """The tasks at once as one group, new to the topic, until the backlog is done or the time is over."""
    group = f"benchmark-{uuid4().hex[:6]}"
    named = [replace(task, group=group, alone=len(tasks) == 1) for task in tasks]
    async with contextlib.AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(process(task)) for task in named]
        return await watch(processes, kafka)


@contextlib.asynccontextmanager
async def process(task: Task) -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(*task.argv, stdin=pipe, stdout=pipe)
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):  # it failed, and said why
            child.kill()
        await child.communicate()


async def watch(processes: Sequence[asyncio.subprocess.Process], kafka: Kafka) -> Run:
    """From the moment when all are at work until the backlog is done or the time is over."""
    marks: list[list[Mark]] = [[] for _ in processes]
    reading = [asyncio.create_task(read(*pair)) for pair in zip(processes, marks, strict=True)]
    await until(lambda: all(marks))
    begun, used = max(each[0].time for each in marks), kafka_cpu(kafka)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SECONDS):
            await until(lambda: sum(each[-1].records for each in marks) >= BACKLOG)
    ended = min(each[-1].time for each in marks)
    share = (kafka_cpu(kafka) - used) / (time.monotonic() - begun)
    for task in reading:
        task.cancel()
    return summary([[mark for mark in each if begun <= mark.time <= ended] for each in marks], share)


async def read(process: asyncio.subprocess.Process, marks: list[Mark]) -> None:
    assert process.stdout
    async for line in process.stdout:
        at, cpu, records = line.split()
        marks.append(Mark(float(at), float(cpu), int(records)))


async def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)  # between two looks


def kafka_cpu(kafka: Kafka) -> float:
    return sum(psutil.Process(kafka.pid).cpu_times()[:2])


def summary(marks: Sequence[Sequence[Mark]], kafka: float) -> Run:
    assert all(len(each) > 1 for each in marks), "one of the processes had no part in it: start again"
    ways = [(each[0], each[-1]) for each in marks]
    rate = sum((last.records - first.records) / (last.time - first.time) for first, last in ways)
    records = sum(last.records - first.records for first, last in ways)
    return Run(rate, records / sum(last.cpu - first.cpu for first, last in ways), kafka)


# One record at a time


async def latency(kafka: Kafka) -> None:
    table = Table("one record at a time, from before it is written until its copy is read", "p50", "p99")
    for name, way in {"worker": "worker", "without transactions, plain acks=all": "plain_worker"}.items():
        async with process(Task(way, kafka.bootstrap_servers, STOCK.name, f"benchmark-{way}")):
            took = await one_at_a_time(kafka, 400)
        table.add_row(name, *(f"{percentile(took, share) * 1e3:.1f} ms" for share in (0.5, 0.99)))
    console.print(table)


async def one_at_a_time(kafka: Kafka, number: int) -> list[float]:
    """The first ones are left out: they meet a worker that starts."""
    took: list[float] = []
    batches = Reader(Broker(kafka.bootstrap_servers), [LOGS.name], "end").batches()
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, acks="all") as producer:
        reading = asyncio.ensure_future(anext(batches))
        await asyncio.sleep(1)  # the reader finds the end
        for _ in range(number + 20):
            begun = time.perf_counter()
            await producer.send_and_wait(STOCK.name, b"x" * SIZE, b"key")
            await reading
            took.append(time.perf_counter() - begun)
            reading = asyncio.ensure_future(anext(batches))
            await asyncio.sleep(0.01)
        reading.cancel()
        await asyncio.wait([reading])
    return took[20:]


if __name__ == "__main__":
    main()
