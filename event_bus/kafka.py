"""The only file that knows the Kafka client. Everything that it hands out ends in bounded time.

Three habits of aiokafka shape it. A transactional producer is never reused after an error: it is discarded, and
a new one with the same id settles the open transaction. `stop()` is never awaited naked: with the broker dead it
does not return. And every call has a deadline of ours, shorter than the client's request time-out.
"""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, Protocol, Self, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.client import ConnectionGroup, CoordinationType
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.protocol.transaction import AddOffsetsToTxnRequest, AddPartitionsToTxnRequest
from aiokafka.structs import OffsetAndMetadata

from event_bus.calling import DEADLINE, Caller
from event_bus.crash_points import CrashPoint, reached
from event_bus.errors import TooLarge, Unavailable
from event_bus.log_dirs import DescribeLogDirs, sizes
from event_bus.records import INPUT_LIMIT, Committed, Group, Member, Outgoing, Partition, Record
from event_bus.settings import Broker

REQUEST_TIMEOUT_MS = 10_000  # this and the next one: more than DEADLINE, which every call has
TRANSACTION_TIMEOUT_MS = 10_000
SESSION_TIMEOUT_MS = 10_000  # how long a dead member blocks its partitions; safety does not come from it
FETCH_WAIT_MS = 1_000  # an idle long poll: 0.2 % of a core; 10 ms would cost 6 %
SIZES_SECONDS = 1.0  # a broker that is away must not hold up what the others tell
DISCARD_SECONDS = 1.0  # for each step of letting go of a client
REQUEST_LIMIT = 2 * INPUT_LIMIT + 65_536
BATCH_BYTES = 900_000  # a batch is one request, and waits for the one before it; topics take a little more

logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it logs each failed attempt; we say it once

Future = asyncio.Future[object]
_partitioner = DefaultPartitioner()


async def _bounded(awaitable: Awaitable[object]) -> None:
    """Waits for a clean-up at most a second; whatever it raises is of no interest any more."""
    task = asyncio.ensure_future(awaitable)
    done, _ = await asyncio.wait([task], timeout=DISCARD_SECONDS)
    if not done:
        await _cancelled(task)
    elif not task.cancelled():
        task.exception()


async def _cancelled(task: "asyncio.Future[Any]") -> None:
    """Ends a task of the client: each further cancel reaches the request that it waits for."""
    for _ in range(20):
        if task.done():
            break
        task.cancel()
        await asyncio.wait([task], timeout=DISCARD_SECONDS / 20)
    if task.done() and not task.cancelled():
        task.exception()


class Producer(Caller):
    """One transactional id. Starting it fences whoever had the id before and settles his open transaction."""

    _verb = "write to"

    def __init__(self, broker: Broker, transactional_id: str) -> None:
        super().__init__(broker)
        self._client = AIOKafkaProducer(
            **_connection(broker),
            transactional_id=broker.named(transactional_id),
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            enable_idempotence=True,
            max_request_size=REQUEST_LIMIT,
            max_batch_size=BATCH_BYTES,
        )

    async def start(self) -> None:
        async with self._call("initialising the producer"):
            await self._client.start()

    async def transact(
        self,
        records: Sequence[Outgoing],
        group: str,
        offsets: Mapping[Partition, Committed],
        taken: Callable[[], None] = lambda: None,
    ) -> None:
        """All records and the offsets of `group`, or nothing. After any error: discard, start anew, ask.

        `taken` is called when the broker has taken the records, before anybody can read them.
        """
        async with self._call("a transaction"):
            batches = await self._batches(records)
            reached(CrashPoint.NOTHING_SENT)
            await self._client.begin_transaction()
            if batches and offsets:
                await self._enlist(batches, self._broker.named(group))
            sent = await self._send(batches)
            reached(CrashPoint.RECORDS_SENT)
            await asyncio.gather(*sent)  # a commit would succeed without the ones that failed
            reached(CrashPoint.RECORDS_TAKEN)
            taken()
            # Not beside the records: the broker's check of one meets the change of the other, and the client
            # then sleeps 100 ms (measured: 3 ms less at the median, 100 ms more at every tenth).
            if offsets:  # the client would wait for ever for the answer to none
                places = {
                    TopicPartition(*partition): OffsetAndMetadata(committed.offset, committed.metadata)
                    for partition, committed in offsets.items()
                }
                with self._offsets_of({partition.topic for partition in offsets}):
                    await self._client.send_offsets_to_transaction(places, self._broker.named(group))
            reached(CrashPoint.OFFSETS_SENT)
            await self._client.commit_transaction()
            reached(CrashPoint.COMMITTED)

    async def _enlist(self, partitions: Collection[TopicPartition], group: str) -> None:
        """Tells the coordinator of the partitions and of the group in one round trip; the client takes two.

        What is not granted is left to the client, which asks again and knows each refusal.
        """
        sender, transaction = self._client._sender, self._client._txn_manager
        topics: dict[str, list[int]] = {}
        for topic, partition in partitions:
            topics.setdefault(topic, []).append(partition)
        mine = (transaction.transactional_id, transaction.producer_id, transaction.producer_epoch)
        coordinator = await sender._find_coordinator(
            CoordinationType.TRANSACTION, transaction.transactional_id
        )
        with contextlib.suppress(KafkaError):
            of_partitions, of_group = await asyncio.gather(
                self._ask(coordinator, AddPartitionsToTxnRequest(*mine, list(topics.items()))),
                self._ask(coordinator, AddOffsetsToTxnRequest(*mine, group)),
            )
            if not any(code for _, answers in of_partitions.errors for _, code in answers):
                transaction.txn_partitions.update(partitions)
                if not of_group.error_code:
                    transaction.consumer_group_added(group)

    async def _ask(self, coordinator: int, request: Any) -> Any:
        return await self._client.client.send(coordinator, request, group=ConnectionGroup.COORDINATION)

    async def _batches(self, records: Sequence[Outgoing]) -> "dict[TopicPartition, list[BatchBuilder]]":
        """By partition, in the order of the records. The client's own `send` costs four times as much: it keeps a
        future for each record."""
        batches: dict[TopicPartition, list[BatchBuilder]] = {}
        places: dict[str, list[TopicPartition]] = {}
        for record in records:
            if record.topic not in places:
                places[record.topic] = await self._partitions(record.topic)
            among = batches.setdefault(_place(places[record.topic], record.key), [])
            if not among or not _appended(among[-1], record):
                among.append(self._client.create_batch())  # which takes its first record, however large
                _appended(among[-1], record)
                if among[-1].size() > REQUEST_LIMIT:
                    raise TooLarge(f"a record of {among[-1].size()} bytes for {record.topic}")
        return batches

    async def _partitions(self, topic: str) -> list[TopicPartition]:
        name = self._broker.named(topic)
        return [TopicPartition(name, number) for number in sorted(await self._client.partitions_for(name))]

    async def _send(self, batches: "Mapping[TopicPartition, Sequence[BatchBuilder]]") -> "list[Future]":
        """A batch waits here until the one before it on its partition is on its way: so they keep their order."""
        sent = []
        for (topic, partition), among in batches.items():
            for batch in among:
                future = await self._client.send_batch(batch, topic, partition=partition)
                future.add_done_callback(_take_note)
                sent.append(future)
        return sent

    async def discard(self) -> None:
        """Lets go of the client whatever state it is in. Takes seconds at most."""
        await _discarded(self._client)


async def _discarded(client: AIOKafkaProducer) -> None:
    manager = client._txn_manager
    unsent = itertools.chain.from_iterable(client._message_accumulator._batches.values())
    for future in (
        manager._transaction_waiter,
        *(offsets[2] for offsets in manager._pending_txn_offsets),
        *(batch._drain_waiter for batch in unsent),
    ):
        if future is not None:
            future.add_done_callback(_take_note)
    client._closed = True  # stop() would flush first, and wait for a broker that may be gone
    sender = client._sender.sender_task
    if sender is not None:
        await _cancelled(sender)
    await _bounded(client.client.close())


class PlainProducer(Caller):
    """Writes single records without a transaction: what may be missing, but is never there twice.

    After any error: discard, and make a new one.
    """

    _verb = "write to"

    def __init__(self, broker: Broker) -> None:
        super().__init__(broker)
        self._client = AIOKafkaProducer(
            **_connection(broker),
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            enable_idempotence=True,  # else the client's own second attempt could be a second record
        )

    async def start(self) -> None:
        async with self._call("connecting"):
            await self._client.start()

    async def send(self, record: Outgoing) -> None:
        """Returns when Kafka has it."""
        async with self._call(f"writing to {record.topic}"):
            await self._client.send_and_wait(
                self._broker.named(record.topic),
                key=record.key,
                value=record.value,
                headers=list(record.headers),
            )

    async def discard(self) -> None:
        """See `Producer.discard`."""
        await _discarded(self._client)


class Client(Protocol):
    async def start(self) -> None: ...

    async def discard(self) -> None: ...


ClientT = TypeVar("ClientT", bound=Client)


@contextlib.asynccontextmanager
async def opened(client: ClientT) -> AsyncIterator[ClientT]:
    """Started; and let go of whatever happens, also if that is a cancellation meanwhile."""
    try:
        await client.start()
        yield client
    finally:
        await asyncio.shield(client.discard())


class ProducerPair:
    """Two producers used in turn: the next transaction need not wait for the markers of the last one.

    A transaction right behind another of the same producer costs an extra 20 ms. The next one begins on the other
    producer only after this one has committed, so order holds. After an error both are discarded, for one start
    settles only its own open transaction.

    They are initialised one after the other, and the first transaction is on the first of them. Otherwise of two that
    start at the same time each could come to own one, and both publish. So who has lost the first one can't
    begin, or loses the second one before the other reads what was committed.
    """

    def __init__(self, broker: Broker, transactional_id: str) -> None:
        self._producers = [Producer(broker, f"{transactional_id}-{turn}") for turn in (0, 1)]
        self._turn = 0

    async def __aenter__(self) -> Self:
        reached(CrashPoint.PRODUCERS_CLOSED)
        try:
            for producer in self._producers:
                await producer.start()
        except BaseException:
            await self.discard()
            raise
        reached(CrashPoint.PRODUCERS_OPEN)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.discard()

    async def transact(
        self,
        records: Sequence[Outgoing],
        group: str,
        offsets: Mapping[Partition, Committed],
        taken: Callable[[], None] = lambda: None,
    ) -> None:
        """See `Producer.transact`."""
        producer = self._producers[self._turn]
        self._turn = 1 - self._turn
        await producer.transact(records, group, offsets, taken)

    async def discard(self) -> None:
        """Whoever is cancelled meanwhile waits for it all the same: it takes seconds at most."""
        discarded = asyncio.gather(*(producer.discard() for producer in self._producers))
        try:
            await asyncio.shield(discarded)
        except asyncio.CancelledError:
            await asyncio.wait([discarded])
            raise


def _place(partitions: list[TopicPartition], key: bytes | None) -> TopicPartition:
    """Where any client of Kafka puts the key."""
    return partitions[0] if len(partitions) == 1 else _partitioner(key, partitions, partitions)


def _appended(batch: BatchBuilder, record: Outgoing) -> bool:
    """False if it is full."""
    headers = list(record.headers)  # the client takes no other sequence
    added = batch.append(timestamp=None, key=record.key, value=record.value, headers=headers)
    return added is not None


def _take_note(future: "asyncio.Future[Any]") -> None:
    """After an error nobody waits for the other futures; theirs would be reported as never retrieved."""
    if not future.cancelled():
        future.exception()


class Consumer(Caller):
    """Reads committed records of partitions. With a group it is told which ones; without, it is given them.

    Where a record is gone it goes on at the oldest one there is; `exact`: it raises OutOfRange. `early`: it sees what
    is not committed yet, or never will be.
    """

    def __init__(
        self, broker: Broker, group: str | None = None, exact: bool = False, early: bool = False
    ) -> None:
        super().__init__(broker)
        self.changed = asyncio.Event()  # set when there is a new assignment; whoever handles it clears it
        self.generation = 0  # counts as soon as the old assignment is over
        self._client = AIOKafkaConsumer(
            **_connection(broker),
            group_id=None if group is None else broker.named(group),
            auto_offset_reset="none" if exact else "earliest",
            enable_auto_commit=False,
            isolation_level="read_uncommitted" if early else "read_committed",
            session_timeout_ms=SESSION_TIMEOUT_MS,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            consumer_timeout_ms=FETCH_WAIT_MS,  # not 200: whatever makes a fetch possible wakes the client as well
            max_partition_fetch_bytes=REQUEST_LIMIT,
            metadata_max_age_ms=60_000,  # partitions that were added are found within a minute
        )

    async def start(self) -> None:
        async with self._call("connecting"):
            await self._client.start()

    def subscribe(self, topics: Sequence[str]) -> None:
        """Joins the group. From now on `assignment` changes at any time."""
        self._client.subscribe([self._broker.named(topic) for topic in topics], listener=_Listener(self))

    async def look_up(self, topics: Sequence[str]) -> None:
        """Without this a topic that is made later is found a minute later. Raises Unavailable if one is missing."""
        for topic in topics:
            async with self._call(f"looking up the topic {topic} (does kafka_init make it?)"):
                await self._client._client._wait_on_metadata(self._broker.named(topic))

    async def partitions_of(self, topics: Sequence[str]) -> list[Partition]:
        """Every partition of the topics. Raises Unavailable if one does not exist."""
        await self.look_up(topics)
        return [
            Partition(name, number)
            for name in map(self._broker.named, topics)
            for number in sorted(self._client.partitions_for_topic(name) or ())
        ]

    def assign_at(self, offsets: Mapping[Partition, int]) -> None:
        """Takes these partitions, without a group, each at its offset."""
        with self._translated("assigning"):
            self._client.assign([TopicPartition(*partition) for partition in offsets])
        for partition, offset in offsets.items():
            self.seek(partition, offset)

    async def assign_all(self, topics: Sequence[str]) -> list[Partition]:
        """Takes every partition of the topics, without a group. Raises Unavailable if one does not exist."""
        partitions = await self.partitions_of(topics)
        self._client.assign([TopicPartition(*partition) for partition in partitions])
        self.generation += 1
        self.changed.set()
        return partitions

    @property
    def assignment(self) -> frozenset[Partition]:
        return frozenset(Partition(*partition) for partition in self._client.assignment())

    async def batch(self, partitions: Sequence[Partition], limit: int, wait: float) -> list[Record]:
        """What is there, at most `limit` records; waits `wait` seconds for the first one.

        During a rebalance the client would wait for its end, however long that takes: here too the deadline.
        """
        with self._translated("fetching"):
            async with asyncio.timeout(wait + DEADLINE):
                batches = await self._client.getmany(
                    *(TopicPartition(*partition) for partition in partitions),
                    timeout_ms=int(wait * 1000),
                    max_records=limit,
                )
        return [record for batch in batches.values() for record in batch]

    async def committed(self, partition: Partition) -> int:
        """The next offset of the group, or the oldest one there is."""
        async with self._call("reading the committed offset"):
            with self._offsets_of({partition.topic}):
                offset = await self._client.committed(TopicPartition(*partition))
        return await self.beginning(partition) if offset is None else int(offset)

    async def commit(self, offsets: Mapping[Partition, int]) -> None:
        """For consumers whose effects lie in a database. The next offsets to read, outside of any transaction."""
        async with self._call("committing offsets"):
            await self._client.commit(
                {
                    TopicPartition(*partition): OffsetAndMetadata(offset, "")
                    for partition, offset in offsets.items()
                }
            )

    async def beginning(self, partition: Partition) -> int:
        async with self._call("reading the first offset"):
            offsets = await self._client.beginning_offsets([TopicPartition(*partition)])
        return int(offsets[TopicPartition(*partition)])

    async def beginnings(self, partitions: Sequence[Partition]) -> dict[Partition, int]:
        async with self._call("reading the first offsets"):
            offsets = await self._client.beginning_offsets([TopicPartition(*p) for p in partitions])
        return {Partition(*partition): int(offset) for partition, offset in offsets.items()}

    async def at_time(self, partitions: Sequence[Partition], time: int) -> dict[Partition, int]:
        """The first offset of this time (milliseconds) or later, of the partitions that have one."""
        async with self._call("looking up a time"):
            found = await self._client.offsets_for_times({TopicPartition(*p): time for p in partitions})
        return {Partition(*p): int(place.offset) for p, place in found.items() if place is not None}

    async def ends(self, partitions: Sequence[Partition]) -> dict[Partition, int]:
        """The offset after the last stable record of each partition; if `early`, after the last one."""
        async with self._call("reading the last offset"):
            ends = await self._client.end_offsets([TopicPartition(*p) for p in partitions])
        return {Partition(*partition): int(offset) for partition, offset in ends.items()}

    def written(self, partition: Partition) -> int | None:
        """The offset after the last record, also one of an open transaction; None before the first fetch."""
        offset: int | None = self._client.highwater(TopicPartition(*partition))
        return offset

    async def position(self, partition: Partition) -> int:
        async with self._call("reading the position"):
            return int(await self._client.position(TopicPartition(*partition)))

    def note_failure(self, task: "asyncio.Task[None]") -> None:
        """For the done-callback of a task that works on a partition: wakes whoever waits for `changed`."""
        if not task.cancelled() and task.exception() is not None:
            self.changed.set()

    def seek(self, partition: Partition, offset: int) -> None:
        """Always explicit: the client's own `seek_to_committed` skips what was fetched before a first commit."""
        with self._translated("seeking"):
            self._client.seek(TopicPartition(*partition), offset)

    def raise_refusal(self) -> None:
        """What the client has met in the background while it tried to join its group."""
        if self._client._coordinator is not None:
            with self._translated("joining the group"):
                self._client._coordinator.check_errors()

    async def discard(self) -> None:
        """Leaves the group if the broker answers, and lets go of the client in any case."""
        client = self._client
        client._closed = True
        for part in (client._coordinator, client._fetcher):
            if part is not None:
                await _bounded(part.close())
        await _bounded(client._client.close())


def _connection(broker: Broker) -> dict[str, Any]:
    """Where the cluster is, and who we are to it: what every client is constructed with."""
    return {"bootstrap_servers": broker.bootstrap_servers, **broker.access.options()}


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # the library is untyped
    """Only marks: whatever a listener raises, the client swallows."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    def on_partitions_revoked(self, revoked: object) -> None:
        self._consumer.generation += 1

    def on_partitions_assigned(self, assigned: object) -> None:
        self._consumer.generation += 1
        self._consumer.changed.set()


class Admin(Caller):
    """Topics and committed offsets. A context manager; each call has a deadline."""

    _verb = "describe"

    def __init__(self, broker: Broker) -> None:
        super().__init__(broker)
        self._client = AIOKafkaAdminClient(**_connection(broker), request_timeout_ms=REQUEST_TIMEOUT_MS)

    async def __aenter__(self) -> Self:
        try:
            async with self._call("connecting"):
                await self._client.start()
        except BaseException:
            await _bounded(self._client.close())
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await _bounded(self._client.close())

    async def ask(self, what: str, request: Any) -> Any:
        """The controller's answer to a request that the client library has no method for."""
        async with self._call(what):
            return await self._client._send_to_controller(request)

    async def partition_counts(self) -> dict[str, int]:
        """Every topic of the cluster by its full name."""
        async with self._call("listing the topics"):
            names = await self._client.list_topics()
            topics = await self._client.describe_topics(names)
        return {topic["topic"]: len(topic["partitions"]) for topic in topics}

    async def topics(self) -> list[str]:
        """Those with the prefix, without it."""
        prefix = self._broker.prefix
        names = await self.partition_counts()
        return sorted(name.removeprefix(prefix) for name in names if name.startswith(prefix))

    async def leaders(self, topic: str) -> dict[int, int]:
        """The broker that leads each partition, by its number; none of a topic that is not there."""
        async with self._call("looking up the leaders"):
            topics = await self._client.describe_topics()  # a question for one name could make the topic
        return {
            partition["partition"]: partition["leader"]
            for found in topics
            if found["topic"] == self._broker.named(topic)
            for partition in found["partitions"]
        }

    async def sizes(self) -> dict[Partition, int]:
        """Bytes on disk of every partition by its full name: of its largest replica, of brokers that answer."""
        brokers = self._client._client.cluster.brokers()
        found: dict[Partition, int] = {}
        for told in await asyncio.gather(*(self._sizes_at(broker.nodeId) for broker in brokers)):
            for partition, size in told.items():
                found[partition] = max(size, found.get(partition, 0))
        return found

    async def _sizes_at(self, broker: int) -> dict[Partition, int]:
        try:
            async with asyncio.timeout(SIZES_SECONDS), self._call("asking for the sizes"):
                return sizes(await self._client._send_request_to_node(broker, DescribeLogDirs()))
        except (Unavailable, TimeoutError):
            return {}

    async def settings(self, topic: str) -> dict[str, str]:
        """Those of a topic, with the values that hold, whoever set them."""
        resource = ConfigResource(ConfigResourceType.TOPIC, self._broker.named(topic))
        async with self._call(f"reading the settings of {topic}"):
            (answer,) = await self._client.describe_configs([resource])
        ((code, message, _, _, entries),) = answer.resources
        if code:
            raise Unavailable(f"reading the settings of {topic}: {for_code(code).__name__}: {message}")
        return {name: value or "" for name, value, *_ in entries}

    async def create_topic(
        self, name: str, partitions: int, replication: int, settings: Mapping[str, str]
    ) -> bool:
        """False if it existed. `name` without the prefix."""
        topic = NewTopic(self._broker.named(name), partitions, replication, topic_configs=dict(settings))
        async with self._call(f"creating the topic {name}"):
            try:
                answer = await self._client.create_topics([topic])
            except TopicAlreadyExistsError:
                return False
        return _created(answer)

    async def committed(self, group: str, partition: Partition) -> Committed | None:
        """What the group has committed for a partition, with its metadata."""
        key = TopicPartition(*partition)
        async with self._call(f"reading the offsets of {group}"):
            offsets = await self._client.list_consumer_group_offsets(
                self._broker.named(group), partitions=[key]
            )
        found = offsets.get(key)
        return None if found is None or found.offset < 0 else Committed(found.offset, found.metadata or "")

    async def all_committed(self, group: str) -> dict[Partition, int]:
        """Of every partition for which the group has committed an offset."""
        async with self._call(f"reading the offsets of {group}"):
            offsets = await self._client.list_consumer_group_offsets(self._broker.named(group))
        return {Partition(*one): int(place.offset) for one, place in offsets.items() if place.offset >= 0}

    async def group_names(self) -> list[str]:
        """Every group of the cluster by its full name."""
        async with self._call("listing the groups"):
            return sorted(name for name, _ in await self._client.list_consumer_groups())

    async def group(self, name: str) -> Group:
        """One at a time: of several the client misreads all but the first."""
        async with self._call(f"describing the group {name}"):
            (answer,) = await self._client.describe_consumer_groups([self._broker.named(name)])
        ((_, _, state, _, _, members),) = (found[:6] for found in answer.groups)
        return Group(state, [Member(client, host, _assigned(raw)) for _, client, host, _, raw in members])


def _assigned(raw: bytes) -> frozenset[Partition]:
    """Empty while the group is still sharing out."""
    if not raw:
        return frozenset()
    assignment = ConsumerProtocolMemberAssignment.decode(raw).assignment
    return frozenset(Partition(topic, number) for topic, numbers in assignment for number in numbers)


def _created(answer: Any) -> bool:
    """The answer holds an error code per topic, which the client does not raise."""
    for _, code, message in answer.topic_errors:
        if code == TopicAlreadyExistsError.errno:
            return False
        if code:
            raise Unavailable(f"creating a topic: {for_code(code).__name__}: {message}")
    return True
