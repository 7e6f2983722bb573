"""One partition of a worker: batch, handlers, one transaction; and how it is taken up again after an error.

The transactional id is the group, the topic and the partition. So whoever takes the partition over fences the one
before, and settles his transaction, before it reads where to go on.
"""

import asyncio

import structlog

from event_bus import metrics
from event_bus.backoff import Backoff, Rivalry
from event_bus.dispatch import Dispatch
from event_bus.errors import Fenced, Refused, TooLarge, Unavailable
from event_bus.kafka import Consumer, ProducerPair
from event_bus.records import Committed, Outgoing, Partition, Record
from event_bus.settings import Broker

MOST_RECORDS = 500  # a transaction: 12,000 events/s; more would only make each one take longer
WAIT_SECONDS = 1.0

log = structlog.get_logger()


class Rival(Exception):
    """Another process has our transactional id."""


class PartitionWorker:
    """Runs until it is stopped or the consumer loses the partition."""

    def __init__(
        self, broker: Broker, group: str, dispatch: Dispatch, consumer: Consumer, partition: Partition
    ) -> None:
        self._broker, self._group, self._dispatch = broker, group, dispatch
        self._consumer, self._partition = consumer, partition
        name = partition.topic.removeprefix(broker.prefix)
        self._id = f"{group}-{name}-{partition.partition}"
        self._generation = consumer.generation
        self._limit = MOST_RECORDS
        self.stopping = False
        self.busy = False
        self.trouble: str | None = "starting"
        self.position = -1

    async def run(self) -> None:
        """Raises Rival and Refused; everything else is tried again, with new producers, from what is committed."""
        backoff, rivalry = Backoff(), Rivalry()
        while not self.stopping:
            try:
                async with ProducerPair(self._broker, self._id) as pair:
                    await self._take_up()
                    while not self.stopping:
                        await self._step(pair)
                        backoff.reset()
            except TooLarge:
                self._halve()
            except Refused:
                raise
            except Unavailable as error:
                self._note(error)
                if isinstance(error, Fenced) and rivalry.fenced():
                    raise Rival(f"another process works as {self._id}") from error
                await backoff.wait()
            metrics.RECOVERIES.inc()

    def _note(self, error: Exception) -> None:
        if self.trouble != str(error):
            log.warning("a partition waits", partition=self._id, reason=str(error))
        self.trouble = str(error)

    async def _take_up(self) -> None:
        """The producers are initialised: nobody else can commit for this partition any more. Now look and seek."""
        self.position = await self._consumer.committed(self._partition)
        self._consumer.seek(self._partition, self.position)
        self.trouble = None

    async def _step(self, pair: ProducerPair) -> None:
        batch = await self._consumer.batch([self._partition], self._limit, WAIT_SECONDS)
        if not batch or self._consumer.generation != self._generation:
            return  # fetched before a rebalance: no longer ours to handle
        self.busy = True
        try:
            await self._commit(pair, batch, await self._outputs(batch))
        except TooLarge as error:
            if len(batch) > 1:
                raise
            await self._bury(batch[0], error)
        finally:
            self.busy = False

    async def _outputs(self, batch: list[Record]) -> list[Outgoing]:
        return [output for record in batch for output in await self._dispatch.handle(record)]

    async def _commit(self, pair: ProducerPair, batch: list[Record], outputs: list[Outgoing]) -> None:
        following = batch[-1].offset + 1
        with metrics.WORKER_TRANSACTION.time():
            await pair.transact(outputs, self._group, {self._partition: Committed(following)})
        self.position = following
        self._limit = min(MOST_RECORDS, 2 * self._limit)

    def _halve(self) -> None:
        """The broker refused the size of some record: smaller batches, until the one to blame is alone."""
        self._limit = max(1, self._limit // 8)

    async def _bury(self, record: Record, error: TooLarge) -> None:
        """The broker refused what follows from this one record, so it is this one that can't be handled."""
        async with ProducerPair(self._broker, self._id) as pair:
            await self._commit(pair, [record], [self._dispatch.dead_letter(record, str(error))])
        raise TooLarge("go on with new producers") from error


async def stop(workers: "dict[PartitionWorker, asyncio.Task[None]]", seconds: float) -> None:
    """Lets transactions that are under way end, for at most so long; then lets go."""
    for worker, task in workers.items():
        worker.stopping = True
        if not worker.busy:
            task.cancel()
    if workers:
        await asyncio.wait(workers.values(), timeout=seconds)
        for task in workers.values():
            task.cancel()
        await asyncio.wait(workers.values(), timeout=seconds)
