"""Apache Kafka's own figure: messages copied in transactions while the copier is killed (its test_transactions.py).

100,000 messages, up to 750 a transaction, from two partitions; and 33,333 from one, which must come out in order.
The copier is notifications_service.
"""

import asyncio
import json
import time
from collections import Counter

from aiokafka import AIOKafkaProducer

from contracts import LOGS, NOTIFICATIONS, Envelope, UserLoggedIn, dead_letters_of
from dev.committed import Committed, CommittedRecords, committed_records
from event_bus import Broker
from event_bus.kafka import Admin
from event_bus.wire import encode
from proofs.cases.case import Case
from proofs.faults import Fault
from proofs.stage import Stage

WORKER = "notifications_service"
TRANSACTION = 750
KILLS = 3
WITHIN = 120.0  # seconds for all of one run
PAUSE = 0.1


async def copy(stage: Stage) -> None:
    scale = 10 if stage.short else 1
    await _copied(stage, partitions=2, messages=100_000 // scale)
    await _copied(stage, partitions=1, messages=33_333 // scale)


async def _copied(stage: Stage, partitions: int, messages: int) -> None:
    prefix = f"{stage.arena.prefix}{partitions}-"
    broker = Broker(stage.arena.ground.kafka.bootstrap_servers, prefix)
    await _make_topics(broker, partitions)
    await _fill(broker, messages)
    label = f"{WORKER}-{partitions}"
    stage.arena.spawn(WORKER, label, TOPIC_PREFIX=prefix, PROOFS_TRANSACTION=str(TRANSACTION))
    async with committed_records(broker.bootstrap_servers, [broker.named(LOGS.name)]) as records:
        copied = await _until_copied(stage, label, records, messages)
    await stage.arena.retire(label)
    _examine(stage, copied, messages)


async def _make_topics(broker: Broker, partitions: int) -> None:
    async with Admin(broker) as admin:
        for name in (NOTIFICATIONS.name, LOGS.name, dead_letters_of(WORKER).name):
            await admin.create_topic(name, partitions, 1, {})


async def _fill(broker: Broker, messages: int) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers, linger_ms=5)
    await producer.start()
    try:
        for number in range(messages):
            event = UserLoggedIn(message=str(number), user=f"user{number % 50}")
            record = encode(Envelope.born(event, "users_service", "a-request"))
            sent = await producer.send(
                broker.named(record.topic), record.value, record.key, headers=list(record.headers)
            )
        await sent
    finally:
        await producer.stop()


async def _until_copied(
    stage: Stage, label: str, records: CommittedRecords, messages: int
) -> list[Committed]:
    """Kills the copier whenever another part is done; then waits for the rest, and a moment for what is too much."""
    copied: list[Committed] = []
    kills = [messages * (number + 1) // (KILLS + 2) for number in range(KILLS)]
    end = time.monotonic() + WITHIN
    while len(copied) < messages and time.monotonic() < end:
        copied += await records.new()
        stage.say(f"{len(copied):,} of {messages:,} copied")
        if kills and len(copied) >= kills[0]:
            del kills[0]
            stage.arena.faults.append(
                Fault(time.time(), f"kill -9 {label}", WORKER, bit=len(copied) < messages)
            )
            await asyncio.to_thread(stage.arena.services[label].kill)
        await asyncio.sleep(PAUSE)
    await asyncio.sleep(1)
    return copied + await records.new()


def _examine(stage: Stage, copied: list[Committed], messages: int) -> None:
    numbers = [int(json.loads(record.value)["message"]) for record in copied]
    times = Counter(numbers)
    stage.found["lost"] += [
        f"message {number} was not copied" for number in range(messages) if not times[number]
    ]
    stage.found["duplicate"] += [
        f"message {n} was copied {count} times" for n, count in times.items() if count > 1
    ]
    last: dict[str, int] = {}
    for number, record in zip(numbers, copied, strict=True):
        if number < last.get(record.key, -1):
            stage.found["reordered"].append(f"message {number} of {record.key} came after {last[record.key]}")
        last[record.key] = number


COPY = Case(
    "copy",
    "100,000 messages in transactions of up to 750, 3 kills, 2 partitions; then 33,333 in order",
    copy,
    services=(),
    watchers=0,
)
