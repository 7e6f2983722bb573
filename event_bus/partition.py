"""One partition of a worker: batch, handlers, one transaction; and how it is taken up again after an error.

The transactional id is the group, the topic and the partition. So whoever takes the partition over fences the one
before, and settles his transaction, before it reads where to go on.
"""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from event_bus import metrics
from event_bus.backoff import Backoff, Rivalry
from event_bus.dispatch import Dispatch
from event_bus.errors import Fenced, TooLarge, Unavailable
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
        self,
        broker: Broker,
        group: str,
        dispatch: Dispatch,
        consumer: Consumer,
        partition: Partition,
        committed: Callable[[Sequence[Outgoing]], None],
    ) -> None:
        self._broker, self._group, self._dispatch = broker, group, dispatch
        self._consumer, self._partition, self._committed = consumer, partition, committed
        name = partition.topic.removeprefix(broker.prefix)
        self._id = f"{group}-{name}-{partition.partition}"
        self._generation = consumer.generation
        self._limit = MOST_RECORDS
        self._refused: dict[int, list[str]] = {}  # by offset: why the broker did not take what follows
        self.stopping = False
        self.busy = False
        self.trouble: str | None = "starting"
        self.position = -1

    async def run(self) -> None:
        """Raises Rival and Refused; everything else is tried again, with new producers, from what is committed."""
        backoff, rivalry = Backoff(), Rivalry()
        while self._ours():
            try:
                async with ProducerPair(self._broker, self._id) as pair:
                    await self._take_up()
                    while self._ours():
                        await self._step(pair)
                        backoff.reset()
            except TooLarge:
                log.warning("the broker refused the size of a record", partition=self._id)
            except Unavailable as error:
                self._note(error)
                if isinstance(error, Fenced) and rivalry.fenced():
                    raise Rival(f"another process works as {self._id}") from error
                await backoff.wait()
            if self._ours():
                metrics.RECOVERIES.inc()

    def _ours(self) -> bool:
        """After a rebalance a new worker has the partition, here or elsewhere: to start once more would fence it."""
        return not self.stopping and self._consumer.generation == self._generation

    def _note(self, error: Exception) -> None:
        if self.trouble != str(error):
            log.warning("a partition waits", partition=self._id, position=self.position, reason=str(error))
        self.trouble = str(error)

    async def _take_up(self) -> None:
        """The producers are initialised: nobody else can commit for this partition any more. Now look and seek."""
        self.position = await self._consumer.committed(self._partition)
        self._consumer.seek(self._partition, self.position)
        self.trouble = None

    async def _step(self, pair: ProducerPair) -> None:
        batch = await self._consumer.batch([self._partition], self._limit, WAIT_SECONDS)
        if not batch or not self._ours():
            return  # fetched before a rebalance: no longer ours to handle
        self.busy = True
        try:
            await self._commit(pair, batch, await self._outputs(batch))
        except TooLarge as error:
            self._blame(batch, error)
            raise  # the producers are done for; what was blamed is handled after the next start
        finally:
            self.busy = False

    async def _outputs(self, batch: list[Record]) -> list[Outgoing]:
        return [output for record in batch for output in await self._handled(record)]

    async def _handled(self, record: Record) -> list[Outgoing]:
        refusals = self._refused.get(record.offset)
        if not refusals:
            return await self._dispatch.handle(record)
        if len(refusals) > 2:
            raise Unavailable(f"not even a cut dead letter is taken: {refusals[-1]}")
        return [self._dispatch.dead_letter(record, refusals[0], cut=len(refusals) > 1)]

    def _blame(self, batch: list[Record], error: TooLarge) -> None:
        """Smaller batches until the record to blame is alone: it becomes a dead letter, at last a cut one."""
        if len(batch) > 1:
            self._limit = max(1, len(batch) // 8)
        else:
            self._refused.setdefault(batch[0].offset, []).append(str(error))

    async def _commit(self, pair: ProducerPair, batch: list[Record], outputs: list[Outgoing]) -> None:
        following = batch[-1].offset + 1
        with metrics.WORKER_TRANSACTION.time():
            await pair.transact(outputs, self._group, {self._partition: Committed(following)})
        self.position = following
        self._committed(outputs)
        self._limit = min(MOST_RECORDS, 2 * self._limit)
        self._refused.clear()


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
