"""What is committed on topics, read from their beginning and then on from there. Reads, and changes nothing.

It must not know what the records mean.
"""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError
from aiokafka.structs import ConsumerRecord

from dev.errors import ShopError
from dev.security import Account, options

ANSWERS_WITHIN_MS = 10_000  # the broker, one request; also how long a topic may be missing
POLL_MS = 200


@dataclass(frozen=True, slots=True)
class Committed:
    """A record that every reader sees."""

    place: str  # for a person: `stock-3@17`
    type: str  # of the event; empty where the record has none
    value: bytes
    key: str = ""
    time: float = 0.0  # seconds since the epoch, by its producer's clock
    headers: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self._text("ce_id")

    @property
    def correlation(self) -> str:
        return self._text("ce_correlationid")

    def _text(self, header: str) -> str:
        return self.headers.get(header, b"").decode(errors="replace")


class CommittedRecords:
    """Every partition of what a consumer without a group was started on."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer, self._partitions = consumer, sorted(consumer.assignment())

    async def check_whole(self) -> None:
        """ShopError where the oldest record is not the first one any more."""
        first = await self._consumer.beginning_offsets(self._partitions)
        if cut := sorted({partition.topic for partition, offset in first.items() if offset > 0}):
            raise ShopError(f"the oldest records of {', '.join(cut)} are gone: what is left can't be audited")

    async def new(self) -> list[Committed]:
        """What was committed since the last time, up to the present end."""
        ends = await self._consumer.end_offsets(self._partitions)
        found: list[Committed] = []
        while any([await self._consumer.position(p) < ends[p] for p in self._partitions]):
            for batch in (await self._consumer.getmany(timeout_ms=POLL_MS)).values():
                found += [_committed(record) for record in batch]
        return found


def _committed(record: ConsumerRecord) -> Committed:
    headers = dict(record.headers)
    return Committed(
        place=f"{record.topic}-{record.partition}@{record.offset}",
        type=headers.get("ce_type", b"").decode(errors="replace"),
        value=record.value or b"",
        key=(record.key or b"").decode(errors="replace"),
        time=record.timestamp / 1000,
        headers=headers,
    )


@asynccontextmanager
async def committed_records(
    bootstrap_servers: str, topics: Sequence[str], account: Account = ()
) -> AsyncIterator[CommittedRecords]:
    """`topics` are full names. ShopError, with a sentence, for whatever Kafka does meanwhile."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # the person gets one line of ours instead
    consumer = AIOKafkaConsumer(
        *topics,
        bootstrap_servers=bootstrap_servers,
        **options(account),
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        request_timeout_ms=ANSWERS_WITHIN_MS,
    )
    try:
        await consumer.start()
        records = CommittedRecords(consumer)
        await records.check_whole()
        yield records
    except UnknownTopicOrPartitionError as error:
        raise ShopError(
            f"one of {', '.join(topics)} is not there: is TOPIC_PREFIX that of the shop?"
        ) from error
    except (KafkaError, OSError) as error:
        raise ShopError(f"Kafka at {bootstrap_servers} does not answer: is the shop up?") from error
    finally:
        await consumer.stop()
