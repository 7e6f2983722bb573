"""The stateful consumer: consume, change documents and their outboxes in one write, then commit the offset.

For services with state of their own. What was applied is remembered in the document itself, so that a repetition
changes nothing: after a crash, after a take-over, and when an event was written twice. What follows lies in the
documents' outboxes and leaves by a `Relay`.
"""

import asyncio
from collections.abc import Collection, Sequence
from typing import Protocol

from contracts import Envelope, Event
from event_bus.background import Stop
from event_bus.backoff import Backoff
from event_bus.crash_points import CrashPoint, reached
from event_bus.errors import Undecodable
from event_bus.fold import Apply, Bury, Input, Refused
from event_bus.kafka import Consumer
from event_bus.membership import Membership
from event_bus.outbox import Outbox
from event_bus.partition import PartitionTask
from event_bus.records import Outgoing, Partition, Record, places_behind
from event_bus.routing import Routing
from event_bus.settings import Broker

MOST_RECORDS = 100  # applied in one write; what follows from all of them must fit into one document
# Nobody waits for what is done here, and whoever pays waits for the same database: what comes within a moment is
# applied in one write. A backlog is worked off without a pause.
PAUSE_SECONDS = 0.1


class States(Protocol):
    """Where the documents are. Every call may raise OutboxFull or DatabaseUnavailable."""

    async def apply(self, service: str, inputs: Sequence[Input], bury: Bury) -> object:
        """Applies each of them once, those of a document in this order, whatever was applied before.

        Those that can't be applied go to `bury` before anything is written: afterwards the document may have gone
        on, and nobody could tell any more that they were not.
        """
        ...


class Letters(Protocol):
    """Where dead letters wait for the relay."""

    @property
    def outbox(self) -> Outbox: ...

    async def add(self, record: Record, reason: str, letter: Outgoing) -> None:
        """Adding the same record again changes nothing."""
        ...

    async def among(self, records: Sequence[Record]) -> Collection[int]:
        """Which of these have a letter already, by their places in the sequence."""
        ...


class StatefulConsumer(Membership):
    """Runs the table of a service on its documents, as the consumer group of its name."""

    def __init__(
        self,
        broker: Broker,
        service: str,
        consumes: Sequence[Apply],
        states: States,
        letters: Letters,
        stop: Stop,
        *,
        alone: bool = False,
    ) -> None:
        routing = Routing(service, consumes)

        def work_on(consumer: Consumer, partitions: Sequence[Partition]) -> list[PartitionTask]:
            return (
                [StatefulWork(broker, routing, consumer, partitions, states, letters)] if partitions else []
            )

        super().__init__(broker, service, routing.topics(), stop, work_on, alone)


class StatefulWork(PartitionTask):
    """All partitions of an instance: one batch, one write of all documents that it changes, one commit.

    Nobody is fenced. Whoever still works on a partition that is no longer his changes nothing, for the documents
    know what was applied to them; he may at most commit an older offset, and what is read again is a repetition.
    """

    def __init__(
        self,
        broker: Broker,
        routing: Routing[Apply],
        consumer: Consumer,
        partitions: Sequence[Partition],
        states: States,
        letters: Letters,
    ) -> None:
        super().__init__(consumer, partitions, routing.service)
        self._prefix, self._routing, self._states, self._letters = broker.prefix, routing, states, letters

    async def work(self, backoff: Backoff) -> None:
        await self.take_up()
        while self.ours():
            async with self.batch(MOST_RECORDS) as batch:
                if batch:
                    reached(CrashPoint.FETCHED)
                    await self._apply(batch)
                    await self._commit(batch)
            backoff.reset()
            if len(batch) < MOST_RECORDS:
                await asyncio.sleep(PAUSE_SECONDS)

    async def _not_buried(self, inputs: Sequence[Input]) -> Sequence[Input]:
        """A rule that refused a record might take it when it is read again: a dead letter stays one."""
        buried = await self._letters.among([given.record for given in inputs])
        return [given for place, given in enumerate(inputs) if place not in buried]

    async def _commit(self, batch: Sequence[Record]) -> None:
        following = places_behind(batch)
        await self.consumer.commit(following)
        reached(CrashPoint.OFFSET_COMMITTED)
        self.positions |= following

    async def _apply(self, batch: Sequence[Record]) -> None:
        inputs, refused = self._sorted(batch)
        await self._bury(refused)
        if inputs and (alive := await self._not_buried(inputs)):
            await self._states.apply(self._routing.service, alive, self._bury)

    async def _bury(self, refused: Sequence[Refused]) -> None:
        for record, reason in refused:
            await self._letters.add(record, reason, self._routing.dead_letter(record, reason))
            reached(CrashPoint.BURIED)

    def _sorted(self, batch: Sequence[Record]) -> tuple[list[Input], list[Refused]]:
        """What concerns this service, and what can't be handled, with the reasons."""
        inputs: list[Input] = []
        refused: list[Refused] = []
        for record in batch:
            try:
                if found := self._routing.find(record):
                    event, row = found
                    inputs.append(Input(record, self._source(record), event, row.by, _key(event, row)))
            except Undecodable as error:
                refused.append((record, str(error)))
        return inputs, refused

    def _source(self, record: Record) -> str:
        return f"{record.topic.removeprefix(self._prefix)}-{record.partition}"


def _key(event: Envelope[Event], row: Apply) -> object:
    """The document. Raises Undecodable where the table can't tell it: a bug would meet the same record for ever."""
    try:
        key = row.to(event.data)
        hash(key)
    except Exception as error:
        raise Undecodable(f"it does not say which document it changes: {error!r}") from error
    return key
