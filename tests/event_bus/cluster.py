"""What a test does to a broker behind the back of the code under test: makes topics, writes raw records, reads all.

It uses the client library directly, so that a fault in `event_bus.kafka` can't hide itself.
"""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.record.util import calc_crc32c

from event_bus.errors import Unavailable
from event_bus.kafka import REQUEST_LIMIT, Admin
from event_bus.records import Outgoing
from event_bus.settings import Broker

Raw = tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]  # key, value, headers


class Cluster:
    """The topics of one test."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker

    async def create(self, name: str, partitions: int = 1, **settings: str) -> None:
        """Returns when the topic takes records: the answer to the creation comes earlier than that."""
        defaults = {"max.message.bytes": str(REQUEST_LIMIT)}
        async with Admin(self.broker) as admin:

            async def there() -> bool:
                with contextlib.suppress(Unavailable):  # a broker that has just started takes its time
                    await admin.create_topic(name, partitions, 1, defaults | settings)
                    return await self._has(admin, name, partitions)
                return False

            await until(there)

    async def _has(self, admin: Admin, name: str, partitions: int) -> bool:
        return (await admin.partition_counts()).get(self.broker.named(name)) == partitions

    async def write(self, topic: str, records: Iterable[Raw]) -> None:
        """Plain records in this order to partition 0, whatever is wrong with them."""
        async with self.producer() as producer:
            for key, value, headers in records:
                batch = producer.create_batch()  # `send` would refuse a record of nothing
                assert batch.append(key=key, value=value, timestamp=None, headers=headers)
                await (await producer.send_batch(batch, self.broker.named(topic), partition=0))

    async def write_a_broken_header_name(self, topic: str, key: bytes, value: bytes) -> None:
        """A record with a header whose name is not UTF-8: the client library would not make one."""
        name, broken = b"broken", b"\xff\xfe\xff\xfe\xff\xfe"
        async with self.producer(enable_idempotence=False) as producer:
            batch = producer.create_batch()
            assert batch.append(key=key, value=value, timestamp=None, headers=[(name.decode(), b"1")])
            data = bytearray(bytes(batch._build()).replace(name, broken))
            checked, at = 21, 17  # the checksum covers what follows the attributes; it stands before them
            data[at:checked] = struct.pack(">I", calc_crc32c(memoryview(data)[checked:]))
            batch._buffer = data
            await (await producer.send_batch(batch, self.broker.named(topic), partition=0))

    async def publish(self, records: Iterable[Outgoing]) -> None:
        """Finished records, each to its topic."""
        async with self.producer() as producer:
            await self.send(producer, records)

    async def send(self, producer: AIOKafkaProducer, records: Iterable[Outgoing]) -> None:
        """As `publish`, for who has a producer: to start one takes longer than to send."""
        sent = [
            await producer.send(
                self.broker.named(record.topic),
                key=record.key,
                value=record.value,
                headers=list(record.headers),
            )
            for record in records
        ]
        await asyncio.gather(*sent)

    @asynccontextmanager
    async def producer(self, enable_idempotence: bool = True) -> AsyncIterator[AIOKafkaProducer]:
        producer = AIOKafkaProducer(
            bootstrap_servers=self.broker.bootstrap_servers,
            enable_idempotence=enable_idempotence,
            max_request_size=4 * REQUEST_LIMIT,
        )
        await producer.start()
        try:
            yield producer
        finally:
            await producer.stop()

    async def read(self, topic: str) -> list[ConsumerRecord]:
        """Every committed record, partition by partition, in the order of offsets."""
        async with self._consumer("read_committed") as consumer:
            return await _all_of(consumer, self.broker.named(topic))

    async def until_visible(self, topic: str) -> None:
        """Kafka calls a transaction committed before its readers see it: returns when they see all there is."""
        full = self.broker.named(topic)
        async with self._consumer("read_committed") as reader, self._consumer("read_uncommitted") as witness:
            partitions = await _partitions(witness, full)
            await _partitions(reader, full)

            async def none_is_open() -> bool:
                written = await witness.end_offsets(partitions)
                return bool(await reader.end_offsets(partitions) == written)

            await until(none_is_open)

    @asynccontextmanager
    async def _consumer(self, isolation: str) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.broker.bootstrap_servers,
            isolation_level=isolation,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=REQUEST_LIMIT,
            enable_auto_commit=False,
        )
        await consumer.start()
        try:
            yield consumer
        finally:
            await consumer.stop()


async def _all_of(consumer: AIOKafkaConsumer, topic: str) -> list[ConsumerRecord]:
    partitions = await _partitions(consumer, topic)
    consumer.assign(partitions)
    await consumer.seek_to_beginning(*partitions)
    ends = await consumer.end_offsets(partitions)
    found: list[ConsumerRecord] = []
    while any([await consumer.position(partition) < end for partition, end in ends.items()]):
        for batch in (await consumer.getmany(timeout_ms=200, max_records=5_000)).values():
            found.extend(batch)
    return sorted(found, key=lambda record: (record.partition, record.offset))


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> list[TopicPartition]:
    await consumer._client._wait_on_metadata(topic)
    return [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic))]


async def until(condition: Callable[[], object], within: float = 30.0) -> None:
    """Waits for a condition, plain or a coroutine function, with a deadline."""
    clock = asyncio.get_running_loop().time
    end = clock() + within
    while True:
        begun = clock()
        result = condition()
        if asyncio.iscoroutine(result):
            result = await result
        if result:
            return
        assert clock() < end, f"not within {within:g} s"
        await asyncio.sleep(
            max(0.02, 2 * (clock() - begun))
        )  # so that looking takes a third of the time at most


def header(record: ConsumerRecord, name: str) -> str:
    """The text of a header; the last one of that name, as the wire format reads it."""
    text: str = dict(record.headers)[name].decode()
    return text


def ids(records: Sequence[ConsumerRecord]) -> list[str]:
    return [header(record, "ce_id") for record in records]
