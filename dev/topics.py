"""`./shop topics`: what lies on Kafka, and how far each consumer group is. `delete` is for topics of the moment."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError
from rich.console import Console
from rich.table import Table

from dev.errors import ShopError
from dev.security import Account, options

WITHIN = 10.0  # seconds for the whole look


@dataclass(frozen=True, slots=True)
class Offsets:
    """The first and the next offset of one partition. Between them lie records and transaction markers."""

    partition: TopicPartition
    first: int
    next: int


def show(bootstrap_servers: str, account: Account, console: Console) -> None:
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # the person gets one line of ours instead
    try:
        offsets, groups = asyncio.run(asyncio.wait_for(_look(bootstrap_servers, options(account)), WITHIN))
    except (KafkaError, OSError, TimeoutError) as error:
        raise ShopError(f"Kafka at {bootstrap_servers} does not answer: is the shop up?") from error
    console.print(_topics(offsets))
    console.print()
    console.print(_groups(groups, offsets))


async def _look(
    servers: str, account: Mapping[str, str]
) -> tuple[list[Offsets], dict[str, dict[TopicPartition, int]]]:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers, **account)
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, **account)
    try:
        await admin.start()
        await consumer.start()
        return await _offsets(admin, consumer), await _committed(admin)
    finally:
        await consumer.stop()
        await admin.close()


async def _offsets(admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer) -> list[Offsets]:
    described = await admin.describe_topics()
    partitions = [
        TopicPartition(topic["topic"], partition["partition"])
        for topic in sorted(described, key=lambda topic: str(topic["topic"]))
        if not topic["is_internal"]
        for partition in sorted(topic["partitions"], key=lambda partition: int(partition["partition"]))
    ]
    first, following = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
    return [Offsets(partition, first[partition], following[partition]) for partition in partitions]


async def _committed(admin: AIOKafkaAdminClient) -> dict[str, dict[TopicPartition, int]]:
    names = sorted(name for name, _protocol in await admin.list_consumer_groups())
    committed = [await admin.list_consumer_group_offsets(name) for name in names]
    return {
        name: {partition: place.offset for partition, place in places.items()}
        for name, places in zip(names, committed, strict=True)
    }


async def delete(bootstrap_servers: str, topics: list[str], account: Mapping[str, Any]) -> None:
    """Full names. Raises ShopError; the answer may come before the last of it is gone.

    `account`: options of the client library.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, **account)
    try:
        async with asyncio.timeout(WITHIN):
            await admin.start()
            answer = await admin.delete_topics(topics)
        done = (0, UnknownTopicOrPartitionError.errno)
        if left := [topic for topic, code in answer.topic_error_codes if code not in done]:
            raise ShopError(f"these topics could not be deleted: {', '.join(left)}")
    except (KafkaError, OSError, TimeoutError) as error:
        raise ShopError(f"Kafka at {bootstrap_servers} did not delete {', '.join(topics)}") from error
    finally:
        await admin.close()


def _topics(offsets: list[Offsets]) -> Table:
    table = Table("topic", "partitions", "offsets (each transaction adds one)", box=None, pad_edge=False)
    for topic in dict.fromkeys(one.partition.topic for one in offsets):
        mine = [one for one in offsets if one.partition.topic == topic]
        table.add_row(topic, str(len(mine)), str(sum(one.next - one.first for one in mine)))
    return table


def _groups(groups: dict[str, dict[TopicPartition, int]], offsets: list[Offsets]) -> Table:
    """An outbox ledger is an offset commit that means no place in a topic: it has no lag."""
    ends = {one.partition: one.next for one in offsets}
    table = Table("consumer group", "offsets behind (each transaction adds one)", box=None, pad_edge=False)
    for group, places in groups.items():
        lag = sum(max(0, ends.get(partition, 0) - offset) for partition, offset in places.items())
        table.add_row(group, "(ledger)" if group.endswith("-outbox-ledger") else str(lag))
    return table
