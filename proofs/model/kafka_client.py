"""Plays the Kafka client library on the model's log: what `event_bus.kafka` calls of it, and nothing else.

Everything that `event_bus.kafka` does about it (two producers in turn, deadlines, letting go, seeking) is the real
code. Each request to the broker is a question of the process that runs.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaError, ProducerFenced
from aiokafka.structs import OffsetAndMetadata

from event_bus.records import Committed, Partition
from proofs.model.log import Fenced, Header, Log, Written
from proofs.model.loop import Loop
from proofs.model.process import Process

Sent = tuple[bytes | None, bytes | None, Sequence[Header]]


class Broker:
    """The log as clients see it, and the safeguards that are left out of them."""

    def __init__(self, log: Log, without: str | None) -> None:
        self.log, self.without = log, without
        self.producers = 0


class RunningLoop(Loop):
    """A loop that knows whose it is: a client is made without being told."""

    process: Process
    broker: Broker


def _running() -> tuple[Process, Broker]:
    loop = cast(Any, asyncio.get_running_loop())
    assert isinstance(loop, RunningLoop)
    return loop.process, loop.broker


def _lost() -> Exception:
    error: Exception = KafkaConnectionError("no answer")
    return error


def _fencing(do: Callable[[], object]) -> Callable[[], object]:
    """The broker's error as the client's."""

    def call() -> object:
        try:
            return do()
        except Fenced as error:
            raise ProducerFenced(str(error)) from error

    return call


async def _nothing() -> None:
    pass


async def _somewhere(*_: object) -> int:
    return 0


async def _not_granted(*_: object, **__: object) -> None:
    """Partitions and group in one go: the client asks for them again, and there they are played."""
    raise KafkaError


class PlayedProducer:
    """AIOKafkaProducer with a transactional id."""

    def __init__(self, *, transactional_id: str, **_: object) -> None:
        self._process, self._broker = _running()
        self._log = self._broker.log
        self._id, self._epoch = transactional_id, 0
        if self._broker.without == "fencing":  # an id of its own: nobody is fenced by it
            self._broker.producers += 1
            self._id += f"-{self._broker.producers}"
        self._sent: list[asyncio.Future[object]] = []
        self._closed = False
        # What the beginning of a transaction asks the real client, and what letting go of it touches.
        self._txn_manager = SimpleNamespace(
            transactional_id=transactional_id,
            producer_id=0,
            producer_epoch=0,
            _transaction_waiter=None,
            _pending_txn_offsets=[],
        )
        self._sender = SimpleNamespace(sender_task=None, _find_coordinator=_somewhere)
        self._message_accumulator = SimpleNamespace(_batches={})
        self.client = SimpleNamespace(send=_not_granted, close=_nothing)

    async def start(self) -> None:
        self._epoch = await self._process.ask(
            f"initialises {self._id}", partial(self._log.init, self._id), _lost
        )

    async def begin_transaction(self) -> None:
        self._sent.clear()

    async def partitions_for(self, topic: str) -> set[int]:
        return set(range(self._log.partitions[topic]))

    def create_batch(self) -> "PlayedBatch":
        return PlayedBatch()

    async def send_batch(
        self, batch: "PlayedBatch", topic: str, *, partition: int
    ) -> "asyncio.Future[object]":
        """Asked one after the other, so done in this order."""
        produce = partial(self._produce, Partition(topic, partition), batch.records)
        sent = self._process.post(f"sends to {topic}", produce, _lost)
        self._sent.append(sent)
        return _answered_already() if self._broker.without == "await-sends" else sent

    def _produce(self, partition: Partition, records: Sequence[Sent]) -> None:
        if self._broker.without == "transactions":
            return self._append(partition, records, "")
        _fencing(partial(self._log.join, self._id, self._epoch, partition))()
        self._append(partition, records, self._id)

    def _append(self, partition: Partition, records: Sequence[Sent], writer: str) -> None:
        for record in records:
            self._log.append(partition, *record, writer)

    async def send_offsets_to_transaction(
        self, offsets: Mapping[TopicPartition, OffsetAndMetadata], group: str
    ) -> None:
        committed = {Partition(*tp): Committed(om.offset, om.metadata) for tp, om in offsets.items()}
        await self._process.ask("sends the offsets", partial(self._offsets, group, committed), _lost)

    def _offsets(self, group: str, committed: dict[Partition, Committed]) -> None:
        if self._broker.without == "transactions":
            for partition, one in committed.items():
                self._log.commit_offset(group, partition, one)
        else:
            _fencing(partial(self._log.add_offsets, self._id, self._epoch, group, committed))()

    async def commit_transaction(self) -> None:
        await self._process.ask("commits", self._commit, _lost, may=self._all_answered)

    def _all_answered(self) -> bool:
        """The client ends no transaction while a batch is on its way; how it was answered is not its affair."""
        return all(sent.done() for sent in self._sent)

    def _commit(self) -> None:
        if self._broker.without != "transactions":
            _fencing(partial(self._log.commit, self._id, self._epoch))()


def _end(fetched: "asyncio.Future[bool]") -> None:
    """Nothing came."""
    if not fetched.done():
        fetched.set_result(False)


def _answered_already() -> "asyncio.Future[object]":
    future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    future.set_result(None)
    return future


class PlayedBatch:
    """BatchBuilder."""

    def __init__(self) -> None:
        self.records: list[Sent] = []

    def append(
        self, *, timestamp: None, key: bytes | None, value: bytes | None, headers: Sequence[Header]
    ) -> bool:
        self.records.append((key, value, headers))
        return True

    def size(self) -> int:
        return len(self.records)


class PlayedConsumer:
    """AIOKafkaConsumer, of a group without members, or without a group."""

    def __init__(self, *, group_id: str | None, **_: object) -> None:
        self._process, self._broker = _running()
        self._log, self._group = self._broker.log, group_id
        self._positions: dict[Partition, int] = {}
        self._assigned: list[TopicPartition] = []
        self._closed = False
        self._client = SimpleNamespace(_wait_on_metadata=self._metadata, close=_nothing)
        self._coordinator = self._fetcher = None

    async def start(self) -> None:
        pass

    async def _metadata(self, topic: str) -> None:
        pass

    def partitions_for_topic(self, topic: str) -> set[int]:
        return set(range(self._log.partitions[topic]))

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        self._assigned = list(partitions)
        self._process.has_more = self._anything

    def _anything(self) -> bool:
        wanted = [Partition(*tp) for tp in self._assigned]
        self._begin(wanted)
        return self._any(wanted)

    def assignment(self) -> list[TopicPartition]:
        return self._assigned

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int, max_records: int
    ) -> dict[TopicPartition, list[Written]]:
        """Nothing is taken before whoever asked goes on: an answer that nobody hears loses nothing."""
        wanted = [Partition(*tp) for tp in partitions or self._assigned]
        self._begin(wanted)
        fetched = self._process.post("fetches", lambda: True, _lost, may=lambda: self._any(wanted))
        timer = asyncio.get_running_loop().call_later(timeout_ms / 1000, _end, fetched)
        try:
            if not await fetched:
                return {}
        finally:
            timer.cancel()
        return self._take(wanted, max_records)

    def _begin(self, wanted: Sequence[Partition]) -> None:
        for partition in wanted:
            if partition not in self._positions:
                committed = self._log.committed(self._group, partition) if self._group else None
                self._positions[partition] = committed.offset if committed else 0

    def _any(self, wanted: Sequence[Partition]) -> bool:
        return any(self._log.fetch(partition, self._positions[partition], 1)[0] for partition in wanted)

    def _take(self, wanted: Sequence[Partition], most: int) -> dict[TopicPartition, list[Written]]:
        found: dict[TopicPartition, list[Written]] = {}
        for partition in wanted:
            records, self._positions[partition] = self._log.fetch(partition, self._positions[partition], most)
            most -= len(records)
            if records:
                found[TopicPartition(*partition)] = records
        return found

    async def committed(self, partition: TopicPartition) -> int | None:
        what = f"reads the committed offset of {partition.topic}"
        found = await self._process.ask(what, partial(self._committed, Partition(*partition)), _lost)
        return None if found is None else found.offset

    def _committed(self, partition: Partition) -> Committed | None:
        return self._log.committed(self._group or "", partition)

    async def commit(self, offsets: Mapping[TopicPartition, OffsetAndMetadata]) -> None:
        await self._process.ask("commits offsets", partial(self._commit, offsets), _lost)

    def _commit(self, offsets: Mapping[TopicPartition, OffsetAndMetadata]) -> None:
        for partition, (offset, metadata) in offsets.items():
            self._log.commit_offset(self._group or "", Partition(*partition), Committed(offset, metadata))

    async def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 0)

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return {partition: self._log.stable(Partition(*partition)) for partition in partitions}

    async def position(self, partition: TopicPartition) -> int:
        """Passes over what nobody sees."""
        place = Partition(*partition)
        records, further = self._log.fetch(place, self._positions.get(place, 0), 1)
        return records[0].offset if records else further

    def highwater(self, partition: TopicPartition) -> int:
        return len(self._log.records[Partition(*partition)])

    def seek(self, partition: TopicPartition, offset: int) -> None:
        if self._broker.without == "explicit-seek" and Partition(*partition) in self._positions:
            return  # it goes on where it is
        self._positions[Partition(*partition)] = offset


class PlayedAdmin:
    """AIOKafkaAdminClient."""

    def __init__(self, **_: object) -> None:
        self._process, self._broker = _running()

    async def start(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def list_consumer_group_offsets(
        self, group: str, partitions: Sequence[TopicPartition]
    ) -> dict[TopicPartition, OffsetAndMetadata]:
        return await self._process.ask("reads the ledger", partial(self._offsets, group, partitions), _lost)

    def _offsets(
        self, group: str, partitions: Sequence[TopicPartition]
    ) -> dict[TopicPartition, OffsetAndMetadata]:
        if self._broker.without == "ledger":
            return {}
        found = {
            partition: self._broker.log.committed(group, Partition(*partition)) for partition in partitions
        }
        return {p: OffsetAndMetadata(one.offset, one.metadata) for p, one in found.items() if one}
