"""The stateful consumer: consume, change documents and their outboxes in one write, then commit the offset.

For services with state of their own. What was applied is remembered in the document itself, so that a repetition
changes nothing: after a crash, after a take-over, and when an event was written twice. What follows lies in the
documents' outboxes and leaves by a `Relay`.
"""

from collections.abc import Sequence
from typing import Protocol

from event_bus.background import Stop
from event_bus.backoff import Backoff
from event_bus.errors import Undecodable
from event_bus.fold import Apply, Folded, Input
from event_bus.kafka import Consumer
from event_bus.membership import Membership
from event_bus.outbox import Outbox
from event_bus.partition import PartitionTask
from event_bus.records import Outgoing, Partition, Record
from event_bus.routing import Routing
from event_bus.settings import Broker

MOST_RECORDS = (
    100  # applied in one write; what follows from them must fit into one document if all are of one
)


class States(Protocol):
    """Where the documents are. Every call may raise OutboxFull or DatabaseUnavailable."""

    async def apply(self, service: str, inputs: Sequence[Input]) -> Folded:
        """Applies each of them once, those of a document in this order, whatever was applied before."""
        ...


class Letters(Protocol):
    """Where dead letters wait for the relay."""

    @property
    def outbox(self) -> Outbox: ...

    async def add(self, record: Record, reason: str, letter: Outgoing) -> None:
        """Adding the same record again changes nothing."""
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
    ) -> None:
        routing = Routing(service, consumes)

        def work_on(consumer: Consumer, partition: Partition) -> PartitionTask:
            source = f"{partition.topic.removeprefix(broker.prefix)}-{partition.partition}"
            return StatefulPartition(consumer, partition, source, routing, states, letters)

        super().__init__(broker, service, routing.topics(), stop, work_on)


class StatefulPartition(PartitionTask):
    """One partition: batch, one write of all documents that it changes, the offset.

    Nobody is fenced. Whoever still works on a partition that is no longer his changes nothing, for the documents
    know what was applied to them; he may at most commit an older offset, and what is read again is a repetition.
    """

    def __init__(
        self,
        consumer: Consumer,
        partition: Partition,
        source: str,
        routing: Routing[Apply],
        states: States,
        letters: Letters,
    ) -> None:
        super().__init__(consumer, partition, f"{routing.service}-{source}")
        self._source, self._routing, self._states, self._letters = source, routing, states, letters

    async def work(self, backoff: Backoff) -> None:
        await self.take_up()
        while self.ours():
            async with self.batch(MOST_RECORDS) as batch:
                if batch:
                    await self._apply(batch)
                    await self.consumer.commit(self.partition, batch[-1].offset + 1)
                    self.position = batch[-1].offset + 1
            backoff.reset()

    async def _apply(self, batch: Sequence[Record]) -> None:
        inputs, refused = self._sorted(batch)
        if inputs:
            refused += (await self._states.apply(self._routing.service, inputs)).refused
        for record, reason in refused:
            await self._letters.add(record, reason, self._routing.dead_letter(record, reason))

    def _sorted(self, batch: Sequence[Record]) -> tuple[list[Input], list[tuple[Record, str]]]:
        """What concerns this service, and what can't be handled, with the reasons."""
        inputs: list[Input] = []
        refused: list[tuple[Record, str]] = []
        for record in batch:
            try:
                if found := self._routing.find(record):
                    inputs.append(Input(record, self._source, *found))
            except Undecodable as error:
                refused.append((record, str(error)))
        return inputs, refused
