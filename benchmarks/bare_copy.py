"""The floor under the worker: a loop over the client library alone, with nothing that a service needs.

No error is met, no record is looked at, all partitions go into one transaction. Two producers in turn, since one
alone would wait 20 ms between transactions.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from contracts import LOGS

BATCH_BYTES = 900_000  # a topic takes a million

Taken = Callable[[Sequence[object]], None]
Batches = Mapping[TopicPartition, Sequence[Any]]


async def copy_exactly_once(bootstrap_servers: str, topic: str, group: str, most: int, taken: Taken) -> None:
    """For ever: fetch, copy in one transaction with the offsets, commit."""
    consumer = await _consumer(bootstrap_servers, topic, group)
    producers = [await _producer(bootstrap_servers, f"{group}-{turn}") for turn in (0, 1)]
    while True:
        batches = await consumer.getmany(timeout_ms=1_000, max_records=most)
        if batches:
            producers.reverse()
            await producers[0].begin_transaction()
            await _copy(producers[0], batches, taken)
            await producers[0].send_offsets_to_transaction(_following(batches), group)
            await producers[0].commit_transaction()


async def _consumer(bootstrap_servers: str, topic: str, group: str) -> AIOKafkaConsumer:
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap_servers,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        isolation_level="read_committed",
    )
    await consumer.start()
    return consumer


async def _producer(bootstrap_servers: str, transactional_id: str) -> AIOKafkaProducer:
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers,
        transactional_id=transactional_id,
        max_batch_size=BATCH_BYTES,
    )
    await producer.start()
    return producer


async def _copy(producer: AIOKafkaProducer, batches: Batches, taken: Taken) -> None:
    records = [record for batch in batches.values() for record in batch]
    sent = []
    batch = producer.create_batch()
    for record in records:
        while (
            batch.append(key=record.key, value=record.value, timestamp=None, headers=list(record.headers))
            is None
        ):
            sent.append(await producer.send_batch(batch, LOGS.name, partition=0))
            batch = producer.create_batch()
    sent.append(await producer.send_batch(batch, LOGS.name, partition=0))
    await asyncio.gather(*sent)
    taken(records)


def _following(batches: Batches) -> dict[TopicPartition, int]:
    offsets: dict[TopicPartition, int] = defaultdict(int)
    for partition, batch in batches.items():
        offsets[partition] = batch[-1].offset + 1
    return offsets
