"""The few questions that all rooms ask Kafka, and how many may ask at once."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from event_bus import Broker, Partition, Record
from event_bus.kafka import Admin, Consumer, opened
from http_edge import NotFound

READERS = 4  # each is a connection and some megabytes; who comes fifth waits
MOST_RECORDS = 1_000  # a batch: some milliseconds of work, so that the loop stays responsive
WAIT_SECONDS = 0.02  # for records; positions pass over transaction markers without one

Ranges = Mapping[Partition, range]  # offsets


class Kafka:
    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self._places = asyncio.Semaphore(READERS)

    def admin(self) -> Admin:
        return Admin(self.broker)

    @asynccontextmanager
    async def consumer(self) -> AsyncIterator[Consumer]:
        async with self._places, opened(Consumer(self.broker)) as consumer:
            yield consumer

    async def topics(self) -> list[str]:
        """Raises Unavailable, as all of these do."""
        async with self.admin() as admin:
            return await admin.topics()

    async def check(self, topic: str) -> None:
        """Problem 404. Nobody else may ask Kafka for a name: some brokers would make the topic."""
        if topic not in await self.topics():
            raise NotFound("There is no such topic; /api/topics tells which ones there are.")

    def shown(self, full_name: str) -> str:
        return full_name.removeprefix(self.broker.prefix)

    async def not_ready(self) -> str | None:
        async with self.admin():
            return None


async def read(consumer: Consumer, ranges: Ranges, take: Callable[[Record], object]) -> None:
    """Every committed record in these offsets, of each partition in its order."""
    consumer.assign_at({one: offsets.start for one, offsets in ranges.items()})
    ahead = [one for one, offsets in ranges.items() if offsets]
    while ahead:
        for record in await consumer.batch(ahead, MOST_RECORDS, WAIT_SECONDS):
            if record.offset in ranges[Partition(record.topic, record.partition)]:
                take(record)
        ahead = [one for one in ahead if await consumer.position(one) < ranges[one].stop]
