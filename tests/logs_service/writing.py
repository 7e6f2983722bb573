"""Writes numbered lines on `logs` as a worker does, in transactions, and remembers what it wrote."""

import uuid
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete

from tests.conftest import Environment


class Writer:
    def __init__(self, producer: AIOKafkaProducer, servers: str, topic: str) -> None:
        self._producer, self._servers, self.topic = producer, servers, topic
        self._numbers = count()
        self.lines: dict[int, list[str]] = {}  # committed, by partition
        self.ids: list[uuid.UUID] = []
        self.ids_of: dict[int, list[uuid.UUID]] = defaultdict(
            list
        )  # by partition: a repetition has the same key

    @property
    def all(self) -> list[str]:
        """Of the only partition."""
        assert set(self.lines) <= {0}
        return self.lines.get(0, [])

    async def write(self, number: int = 1, *, size: int = 0, partition: int = 0) -> list[str]:
        """One transaction."""
        lines = [f'{{"number":{next(self._numbers)},"x":"{"x" * size}"}}' for _ in range(number)]
        ids = [uuid.uuid4() for _ in lines]
        async with self._producer.transaction():
            await self._send(lines, ids, partition)
        self.lines.setdefault(partition, []).extend(lines)
        self.ids += ids
        self.ids_of[partition] += ids
        return lines

    async def repeat(self, ids: list[uuid.UUID], partition: int = 0) -> None:
        """Records with ids that were there before: no hub may show them."""
        async with self._producer.transaction():
            await self._send(["a repetition"] * len(ids), ids, partition)

    async def abort(self, number: int, partition: int = 0) -> None:
        await self._producer.begin_transaction()
        await self._send(["aborted"] * number, [uuid.uuid4() for _ in range(number)], partition)
        await self._producer.abort_transaction()

    async def _send(self, lines: list[str], ids: list[uuid.UUID], partition: int) -> None:
        for line, event_id in zip(lines, ids, strict=True):
            headers = [("ce_id", str(event_id).encode())]
            sent = await self._producer.send(self.topic, line.encode(), headers=headers, partition=partition)
        await sent

    async def delete_before(self, offset: int) -> None:
        """What the broker does by itself when a topic is full."""
        async with self._admin() as admin:
            await admin.delete_records({TopicPartition(self.topic, 0): RecordsToDelete(offset)})

    async def make_anew(self) -> None:
        async with self._admin() as admin:
            await admin.delete_topics([self.topic])
            while (await admin.create_topics([NewTopic(self.topic, 1, 1)])).topic_errors[0][1]:
                pass  # "exists": the deletion takes its time
        self.lines.clear()

    async def end(self) -> int:
        async with AIOKafkaConsumer(bootstrap_servers=self._servers) as consumer:
            partition = TopicPartition(self.topic, 0)
            return int((await consumer.end_offsets([partition]))[partition])

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._servers)
        await admin.start()
        try:
            yield admin
        finally:
            await admin.close()


@asynccontextmanager
async def writing(environment: Environment) -> AsyncIterator[Writer]:
    servers, prefix = environment["KAFKA_BOOTSTRAP_SERVERS"], environment["TOPIC_PREFIX"]
    producer = AIOKafkaProducer(
        bootstrap_servers=servers, transactional_id=prefix + "writer", max_batch_size=500_000
    )
    async with producer:
        yield Writer(producer, servers, prefix + "logs")
