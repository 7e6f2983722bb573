"""The transactional worker: consume, handle, produce, commit the offset, in one Kafka transaction.

For services without state of their own. Exactly once inside Kafka, whatever dies when; several instances share the
partitions by their consumer group. The transactional id is the group, the topic and the partition. So whoever takes
a partition over fences the one before, and settles his transaction, before it reads where to go on. One that is alone
has an id of its own, and one transaction for all partitions; each of both kinds fences the other as well.
"""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from event_bus import metrics
from event_bus.background import Stop
from event_bus.backoff import Backoff, Rivalry
from event_bus.dispatch import Dispatch, On
from event_bus.errors import Fenced, TooLarge, Unavailable
from event_bus.kafka import Consumer, ProducerPair
from event_bus.membership import Membership
from event_bus.partition import PartitionTask, Rival
from event_bus.records import Committed, Outgoing, Partition, Record, places_behind
from event_bus.settings import Broker

# A transaction. By itself it costs some 1.2 ms of CPU, that of ninety records that are passed on.
MOST_RECORDS = 2_000
AT_A_TIME = 100  # records handled before others get their turn, 3 ms: each step of a transaction waits for it

Place = tuple[str, int, int]  # topic, partition, offset
Notify = Callable[[Sequence[Outgoing]], None]
log = structlog.get_logger()


class Worker(Membership):
    """Runs the table of a service on a broker, as the consumer group of its name.

    `taken` is told what Kafka has taken, batch by batch, before anybody can read it; what fails or dies between
    there and the commit is told again. It must not wait.
    """

    def __init__(
        self,
        broker: Broker,
        service: str,
        consumes: Sequence[On],
        stop: Stop,
        taken: Notify = lambda outputs: None,
        *,
        alone: bool = False,
    ) -> None:
        dispatch = Dispatch(service, consumes)

        def work_on(consumer: Consumer, partitions: Sequence[Partition]) -> list[PartitionTask]:
            one_by_one = {_id(broker, service, partition): [partition] for partition in partitions}
            together = {f"{service}-alone": partitions} if partitions else {}
            mine, others = (together, one_by_one) if alone else (one_by_one, together)
            return [
                TransactionalWork(broker, dispatch, consumer, share, name, list(others), taken)
                for name, share in mine.items()
            ]

        super().__init__(broker, service, dispatch.topics(), stop, work_on, alone)


class TransactionalWork(PartitionTask):
    """Batch, handlers, one transaction. `name` is the transactional id; those of `others` are fenced."""

    def __init__(
        self,
        broker: Broker,
        dispatch: Dispatch,
        consumer: Consumer,
        partitions: Sequence[Partition],
        name: str,
        others: Sequence[str],
        taken: Notify,
    ) -> None:
        super().__init__(consumer, partitions, name)
        self._broker, self._dispatch, self._others, self._taken = broker, dispatch, others, taken
        self._limit = MOST_RECORDS
        self._refused: dict[
            Place, list[str]
        ] = {}  # why the broker did not take what follows from that record
        self._rivalry = Rivalry()

    async def work(self, backoff: Backoff) -> None:
        """The producers are initialised first: then nobody else can commit for these partitions any more."""
        try:
            async with ProducerPair(self._broker, self.name) as pair:
                await asyncio.gather(*map(self._fence, self._others))
                await self.take_up()
                while self.ours():
                    await self._step(pair)
                    backoff.reset()
        except TooLarge:
            log.warning("the broker refused the size of a record", partition=self.name)
        except Fenced as error:
            if self._rivalry.fenced():
                raise Rival(f"another process works as {self.name}") from error
            raise

    async def _fence(self, transactional_id: str) -> None:
        async with ProducerPair(self._broker, transactional_id):
            pass

    async def _step(self, pair: ProducerPair) -> None:
        async with self.batch(self._limit) as batch:
            if batch:
                try:
                    await self._commit(pair, batch, await self._outputs(batch))
                except TooLarge as error:
                    self._blame(batch, error)
                    raise  # the producers are done for; what was blamed is handled after the next start

    async def _outputs(self, batch: list[Record]) -> list[Outgoing]:
        outputs: list[Outgoing] = []
        for number, record in enumerate(batch, 1):
            outputs += await self._handled(record)
            if number % AT_A_TIME == 0:
                await asyncio.sleep(0)
        return outputs

    async def _handled(self, record: Record) -> list[Outgoing]:
        refusals = self._refused.get(_place(record))
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
            self._refused.setdefault(_place(batch[0]), []).append(str(error))

    async def _commit(self, pair: ProducerPair, batch: list[Record], outputs: list[Outgoing]) -> None:
        following = places_behind(batch)
        with metrics.WORKER_TRANSACTION.time():
            await pair.transact(
                outputs,
                self._dispatch.service,
                {partition: Committed(offset) for partition, offset in following.items()},
                lambda: self._taken(outputs),
            )
        self.positions |= following
        self._limit = min(MOST_RECORDS, 2 * self._limit)
        self._refused.clear()


def _id(broker: Broker, service: str, partition: Partition) -> str:
    return f"{service}-{partition.topic.removeprefix(broker.prefix)}-{partition.partition}"


def _place(record: Record) -> Place:
    return record.topic, record.partition, record.offset
