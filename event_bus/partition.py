"""Work on partitions of a group's member: how they are taken up, worked on, and taken up again after an error."""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence

import structlog

from event_bus import metrics
from event_bus.backoff import Backoff
from event_bus.errors import BusError, Unavailable
from event_bus.kafka import Consumer
from event_bus.records import Partition, Record

WAIT_SECONDS = 1.0

log = structlog.get_logger()


class Rival(Exception):
    """Another process has our transactional id."""


class PartitionTask(ABC):
    """Runs until it is stopped or the consumer loses its partitions."""

    def __init__(self, consumer: Consumer, partitions: Sequence[Partition], name: str) -> None:
        self.consumer, self.partitions, self.name = consumer, partitions, name
        self._generation = consumer.generation
        self.stopping = False
        self.busy = False
        self.trouble: str | None = "starting"
        self.broker_trouble = False  # the broker does not do what it is asked, or our client does not hear it
        self.positions: dict[Partition, int] = {}  # the next offset of each

    @abstractmethod
    async def work(self, backoff: Backoff) -> None:
        """Takes up the partitions and works on them as long as they are ours."""

    async def run(self) -> None:
        """Raises Rival; everything else is tried again, from what is committed."""
        backoff = Backoff()
        while self.ours():
            try:
                await self.work(backoff)
            except BusError as error:
                self._note(error)
                await backoff.wait()
            if self.ours():
                metrics.RECOVERIES.inc()

    def ours(self) -> bool:
        """After a rebalance new tasks have the partitions, here or elsewhere: to go on would be in their way."""
        return not self.stopping and self.consumer.generation == self._generation

    async def take_up(self) -> None:
        """Looks what is committed, and seeks."""
        for partition in self.partitions:
            self.positions[partition] = await self.consumer.committed(partition)
            self.consumer.seek(partition, self.positions[partition])
        self.trouble, self.broker_trouble = None, False

    @contextlib.asynccontextmanager
    async def batch(self, limit: int) -> AsyncIterator[list[Record]]:
        """The next records; none if none came or they were fetched before a rebalance. Inside, we are busy."""
        records = await self.consumer.batch(self.partitions, limit, WAIT_SECONDS)
        self.busy = bool(records) and self.ours()
        try:
            yield records if self.busy else []
            if self.busy:
                metrics.CONSUME_DELAY.observe(metrics.age(records[0].timestamp))
        finally:
            self.busy = False

    def _note(self, error: Exception) -> None:
        if self.trouble != str(error):
            log.warning("a consumer waits", consumer=self.name, reason=str(error))
        self.trouble, self.broker_trouble = str(error), isinstance(error, Unavailable)


async def stop(tasks: Mapping[PartitionTask, "asyncio.Task[None]"], seconds: float) -> None:
    """Lets what is under way end, for at most so long; then lets go."""
    for work, task in tasks.items():
        work.stopping = True
        if not work.busy:
            task.cancel()
    if tasks:
        await asyncio.wait(tasks.values(), timeout=seconds)
        for task in tasks.values():
            task.cancel()
        await asyncio.wait(tasks.values(), timeout=seconds)
