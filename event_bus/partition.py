"""One partition of a group's member: how it is taken up, worked on, and taken up again after an error."""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping

import structlog

from event_bus import metrics
from event_bus.backoff import Backoff
from event_bus.errors import BusError, Refused
from event_bus.kafka import Consumer
from event_bus.records import Partition, Record

WAIT_SECONDS = 1.0

log = structlog.get_logger()


class Rival(Exception):
    """Another process has our transactional id."""


class PartitionTask(ABC):
    """Runs until it is stopped or the consumer loses the partition."""

    def __init__(self, consumer: Consumer, partition: Partition, name: str) -> None:
        self.consumer, self.partition, self.name = consumer, partition, name
        self._generation = consumer.generation
        self.stopping = False
        self.busy = False
        self.trouble: str | None = "starting"
        self.position = -1

    @abstractmethod
    async def work(self, backoff: Backoff) -> None:
        """Takes up the partition and works on it as long as it is ours."""

    async def run(self) -> None:
        """Raises Rival and Refused; everything else is tried again, from what is committed."""
        backoff = Backoff()
        while self.ours():
            try:
                await self.work(backoff)
            except Refused:
                raise
            except BusError as error:
                self._note(error)
                await backoff.wait()
            if self.ours():
                metrics.RECOVERIES.inc()

    def ours(self) -> bool:
        """After a rebalance a new task has the partition, here or elsewhere: to go on would be in its way."""
        return not self.stopping and self.consumer.generation == self._generation

    async def take_up(self) -> None:
        """Looks what is committed, and seeks."""
        self.position = await self.consumer.committed(self.partition)
        self.consumer.seek(self.partition, self.position)
        self.trouble = None

    @contextlib.asynccontextmanager
    async def batch(self, limit: int) -> AsyncIterator[list[Record]]:
        """The next records; none if none came or they were fetched before a rebalance. Inside, we are busy."""
        records = await self.consumer.batch([self.partition], limit, WAIT_SECONDS)
        self.busy = bool(records) and self.ours()
        try:
            yield records if self.busy else []
        finally:
            self.busy = False

    def _note(self, error: Exception) -> None:
        if self.trouble != str(error):
            log.warning("a partition waits", partition=self.name, position=self.position, reason=str(error))
        self.trouble = str(error)


async def stop(tasks: Mapping[PartitionTask, "asyncio.Task[None]"], seconds: float) -> None:
    """Lets what is under way end, for at most so long; then lets go."""
    for partition, task in tasks.items():
        partition.stopping = True
        if not partition.busy:
            task.cancel()
    if tasks:
        await asyncio.wait(tasks.values(), timeout=seconds)
        for task in tasks.values():
            task.cancel()
        await asyncio.wait(tasks.values(), timeout=seconds)
