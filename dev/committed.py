"""What is committed on topics, read from their beginning and then on from there. Reads, and changes nothing.

It must not know what the records mean.
"""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from dev.errors import ShopError

WITHIN = 10.0  # seconds for one answer of the broker
POLL_MS = 200


@dataclass(frozen=True, slots=True)
class Committed:
    """A record that every reader sees."""

    topic: str
    place: str  # for a person: `stock-3@17`
    type: str  # of the event; empty where the record has none
    value: bytes


class CommittedRecords:
    """Every partition of some topics. `topics` are full names."""

    def __init__(self, consumer: AIOKafkaConsumer, topics: Sequence[str]) -> None:
        self._consumer, self._topics = consumer, topics
        self._partitions: list[TopicPartition] = []

    async def open(self) -> None:
        """From the oldest record. ShopError where that is not the first one any more."""
        there = await self._consumer.topics()
        if missing := sorted(set(self._topics) - set(there)):
            raise ShopError(f"there is no topic {', '.join(missing)}: is TOPIC_PREFIX that of the shop?")
        self._partitions = [
            TopicPartition(topic, number)
            for topic in self._topics
            for number in sorted(self._consumer.partitions_for_topic(topic) or ())
        ]
        self._consumer.assign(self._partitions)
        first = await self._consumer.beginning_offsets(self._partitions)
        if cut := sorted({partition.topic for partition, offset in first.items() if offset > 0}):
            raise ShopError(f"the oldest records of {', '.join(cut)} are gone: what is left can't be audited")

    async def new(self) -> list[Committed]:
        """What was committed since the last time, up to the present end."""
        ends = await self._consumer.end_offsets(self._partitions)
        found: list[Committed] = []
        while [p for p in self._partitions if await self._consumer.position(p) < ends[p]]:
            for batch in (await self._consumer.getmany(*self._partitions, timeout_ms=POLL_MS)).values():
                found += [_committed(record) for record in batch]
        return found


def _committed(record: "ConsumerRecord") -> Committed:  # type: ignore[name-defined]  # noqa: F821
    kind = dict(record.headers).get("ce_type", b"").decode(errors="replace")
    place = f"{record.topic}-{record.partition}@{record.offset}"
    return Committed(record.topic, place, kind, record.value or b"")


@asynccontextmanager
async def committed_records(
    bootstrap_servers: str, topics: Sequence[str]
) -> AsyncIterator[CommittedRecords]:
    """ShopError, with a sentence, for whatever Kafka does meanwhile."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # the person gets one line of ours instead
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers, isolation_level="read_committed", auto_offset_reset="earliest"
    )
    try:
        await consumer.start()
        records = CommittedRecords(consumer, topics)
        await records.open()
        yield records
    except (KafkaError, OSError) as error:
        raise ShopError(f"Kafka at {bootstrap_servers} does not answer: is the shop up?") from error
    finally:
        await consumer.stop()
