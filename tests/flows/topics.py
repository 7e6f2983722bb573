"""What really lies on a topic: read with a bare client, so that no code of ours stands between it and the test."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.structs import ConsumerRecord


async def committed_records(bootstrap_servers: str, topic: str) -> list[ConsumerRecord]:
    """All committed records, partition by partition, up to the present end."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers, isolation_level="read_committed", auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        await consumer._client._wait_on_metadata(topic)
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        found: dict[tuple[int, int], ConsumerRecord] = {}  # a client that stumbles may fetch a record again
        while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
            for batch in (await consumer.getmany(*partitions, timeout_ms=200)).values():
                found |= {(record.partition, record.offset): record for record in batch}
        return [found[place] for place in sorted(found)]
    finally:
        await consumer.stop()


async def publish(
    bootstrap_servers: str,
    topic: str,
    key: bytes | None,
    value: bytes | None,
    headers: list[tuple[str, bytes]] | None = None,
) -> ConsumerRecord:
    """Puts one record on a topic, as somebody from outside would."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers)
    await producer.start()
    try:
        return await producer.send_and_wait(topic, value, key, headers=headers or [])
    finally:
        await producer.stop()


async def until_records(
    read: Callable[[], Any], enough: Callable[[list[ConsumerRecord]], bool], seconds: float = 20
) -> list[ConsumerRecord]:
    """Looks again until there is enough."""
    async with asyncio.timeout(seconds):
        while not enough(found := await read()):
            await asyncio.sleep(0.1)
    return found


def lines_of(records: list[ConsumerRecord]) -> list[dict[str, Any]]:
    return [json.loads(record.value) for record in records]


def types_of(records: list[ConsumerRecord]) -> list[str]:
    return [dict(record.headers)["ce_type"].decode() for record in records]


def ids_of(records: list[ConsumerRecord]) -> list[str]:
    return [dict(record.headers)["ce_id"].decode() for record in records]
