"""Turns one safeguard of a service off, from outside, so that everybody can see what it is good for.

The services have no switch for it: what is replaced here is replaced in the process of the proof alone.
"""

import asyncio
import os
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.structs import OffsetAndMetadata

from event_bus import backoff, kafka, relay
from event_bus.crash_points import CrashPoint, reached
from event_bus.outbox import entry, record
from event_bus.records import Committed, Outgoing, Partition
from event_bus.repository import database
from event_bus.repository.lease import DatabaseLease
from event_bus.repository.outbox import OutboxCollection


def outbox() -> None:
    """A document is written without its events; they are sent afterwards."""
    insert, append = OutboxCollection.insert, OutboxCollection.append

    async def insert_and_send(self: Any, document: Any, events: Any) -> None:
        await insert(self, document, [])
        await _send(events)

    async def append_and_send(self: Any, key: Any, changes: Any, events: Any) -> bool:
        there = await append(self, key, changes, [])
        await _send(events)
        return there

    OutboxCollection.insert = insert_and_send  # type: ignore[method-assign]
    OutboxCollection.append = append_and_send  # type: ignore[method-assign, assignment]


async def _send(events: Sequence[Any]) -> None:
    prefix = os.environ.get("TOPIC_PREFIX", "")
    producer = AIOKafkaProducer(bootstrap_servers=os.environ["KAFKA_BOOTSTRAP_SERVERS"])
    await producer.start()
    try:
        for event in events:
            one = record(entry(event))
            await producer.send_and_wait(prefix + one.topic, one.value, one.key, headers=list(one.headers))
    finally:
        await producer.stop()


def ledger() -> None:
    """Who takes over does not look what was published: everything pending is sent again."""

    async def settle(self: Any, pair: Any) -> None:
        return None

    relay.Relay._settle = settle  # type: ignore[method-assign]


def transactions() -> None:
    """An idempotent producer without transactions; the offsets are committed afterwards."""

    def make(self: Any, broker: Any, transactional_id: str) -> None:
        self._broker = broker
        self._client = AIOKafkaProducer(
            bootstrap_servers=broker.bootstrap_servers,
            enable_idempotence=True,
            max_request_size=kafka.REQUEST_LIMIT,
        )

    async def transact(
        self: Any,
        records: Sequence[Outgoing],
        group: str,
        offsets: Mapping[Partition, Committed],
        taken: Callable[[], None] = lambda: None,
    ) -> None:
        async with self._call("sending"):
            reached(CrashPoint.NOTHING_SENT)
            sent = [
                await self._client.send(
                    self._broker.named(one.topic), one.value, one.key, headers=list(one.headers)
                )
                for one in records
            ]
            reached(CrashPoint.RECORDS_SENT)
            await asyncio.gather(*sent)
            reached(CrashPoint.RECORDS_TAKEN)
            taken()
            await _commit(self._broker, group, offsets)
            reached(CrashPoint.COMMITTED)

    async def discard(self: Any) -> None:
        await kafka._bounded(self._client.stop())

    kafka.Producer.__init__ = make  # type: ignore[method-assign]
    kafka.Producer.transact = transact  # type: ignore[method-assign]
    kafka.Producer.discard = discard  # type: ignore[method-assign]


async def _commit(broker: Any, group: str, offsets: Mapping[Partition, Committed]) -> None:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=broker.bootstrap_servers, group_id=broker.named(group), enable_auto_commit=False
    )
    await consumer.start()
    try:
        consumer.assign([TopicPartition(*partition) for partition in offsets])
        await consumer.commit(
            {TopicPartition(*p): OffsetAndMetadata(c.offset, c.metadata) for p, c in offsets.items()}
        )
    finally:
        await consumer.stop()


def fencing() -> None:
    """Every start takes a transactional id of its own: nobody is fenced."""
    make = kafka.Producer.__init__

    def with_any_id(self: Any, broker: Any, transactional_id: str) -> None:
        make(self, broker, f"{transactional_id}-{uuid.uuid4().hex}")

    kafka.Producer.__init__ = with_any_id  # type: ignore[method-assign]


def epochs() -> None:
    """Who goes on after an error takes other transactional ids: the end of the old transaction is not fenced."""
    make = kafka.Producer.__init__
    used = set[str]()

    def with_another_id(self: Any, broker: Any, transactional_id: str) -> None:
        again = transactional_id in used
        used.add(transactional_id)
        make(self, broker, f"{transactional_id}-{uuid.uuid4().hex}" if again else transactional_id)

    kafka.Producer.__init__ = with_another_id  # type: ignore[method-assign]


def lease() -> None:
    """Every replica relays."""

    async def mine(self: Any) -> bool:
        return True

    DatabaseLease.acquire = mine  # type: ignore[method-assign]


def giving_up() -> None:
    """Two who fence each other go on."""

    def never(self: Any) -> bool:
        return False

    backoff.Rivalry.fenced = never  # type: ignore[method-assign]


def leaving() -> None:
    """A member that ends does not say so: its group misses it when its session is over."""

    async def stay(_: Any) -> None:
        return None

    GroupCoordinator._maybe_leave_group = stay


def dedupe() -> None:
    """The hub remembers nothing."""
    from logs_service import seen  # the other services need not have it

    seen.Seen.add = lambda *_: True  # type: ignore[method-assign]
    seen.Seen.repeats = lambda *_: False  # type: ignore[method-assign]


def await_sends() -> None:
    """Offsets are committed without waiting for what the broker says to the records."""

    async def taken_for_granted(*awaited: Any) -> Any:
        if not all(map(asyncio.isfuture, awaited)):  # questions, and not the broker's answers to records
            return await asyncio.gather(*awaited)

    vars(kafka)["asyncio"] = _Asyncio(gather=taken_for_granted)


class _Asyncio:
    """The module as one file sees it, with some functions replaced."""

    def __init__(self, **replaced: Any) -> None:
        self.__dict__.update(vars(asyncio) | replaced)


def explicit_seek() -> None:
    """The client's own way back to the committed offset, which does nothing before the first commit."""
    seek = kafka.Consumer.seek
    tasks: set[Any] = set()

    def seek_to_committed(self: Any, partition: Partition, offset: int) -> None:
        if self._client._group_id is None:  # a reader: it has no committed offset
            return seek(self, partition, offset)
        tasks.add(asyncio.ensure_future(self._client.seek_to_committed(TopicPartition(*partition))))

    kafka.Consumer.seek = seek_to_committed  # type: ignore[method-assign]


def journal() -> None:
    """A write is acknowledged before it is on the disk. (The case starts the server without its part of it.)"""
    vars(database)["_CLIENT_OPTIONS"] = {**database._CLIENT_OPTIONS, "journal": False}


def offsets_year() -> None:
    """Nothing in a service: the case tells the broker."""


SAFEGUARDS: Mapping[str, Callable[[], None]] = {
    "outbox": outbox,
    "ledger": ledger,
    "transactions": transactions,
    "fencing": fencing,
    "epochs": epochs,
    "lease": lease,
    "giving-up": giving_up,
    "leaving": leaving,
    "dedupe": dedupe,
    "await-sends": await_sends,
    "explicit-seek": explicit_seek,
    "journal": journal,
    "offsets-year": offsets_year,
}


def switch_off(safeguard: str) -> None:
    SAFEGUARDS[safeguard]()
