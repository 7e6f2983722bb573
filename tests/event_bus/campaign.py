"""A consuming service in the field: any number of instances, what is told to it, and what is found in the end.

It looks from outside: at topics, at HTTP, and at the database only to know when everything has left it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import httpx2 as httpx
import pymongo
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

import contracts.topics
from contracts import EVENT_TYPES, Event, dead_letters_of
from dev.kafka import Kafka
from dev.mongo import Mongo
from event_bus.settings import Broker
from tests.event_bus.cluster import Cluster, header, until
from tests.event_bus.instance import Instance, settings_prefix
from tests.event_bus.strike import Strike
from tests.event_bus.telling import Telling
from tests.event_bus.verdict import Outputs, cause, faults_of_letters, id_of

Outcomes = Sequence[tuple[Any, Any]]  # inputs, each with what became of it, in the order of the topics


async def nothing_is_kept(_: httpx.AsyncClient, __: str, ___: Outcomes) -> None:
    """Of a service without state."""


@dataclass(frozen=True)
class Case:
    """What the acceptance suite has to know of a service, which consumes `input`.

    `prepare` makes so many inputs, and by HTTP what has to be there before them. Each has an outcome of exactly one
    of the types of `one_of`, with which one of each type of `perhaps` may come. `refused` makes of an input one
    that its rule refuses, if it refuses any. `holds` asserts by HTTP that the state is what the outcomes say.
    """

    service: str
    input: type[Event]
    prepare: Callable[[httpx.AsyncClient, str, int], Awaitable[Sequence[Event]]]
    one_of: Sequence[type[Event]]
    refused: Callable[[Any], Event] | None = None
    holds: Callable[[httpx.AsyncClient, str, Outcomes], Awaitable[None]] = nothing_is_kept
    perhaps: Sequence[type[Event]] = ()
    settings: Mapping[str, str] = field(default_factory=dict)


class Campaign:
    """A context manager: topics of its own; at its end no instance is left. `times`: how often each input is told."""

    def __init__(self, case: Case, kafka: Kafka, mongo: Mongo, folder: Path, times: int = 2) -> None:
        self.case, self._folder = case, folder
        self._cluster = Cluster(Broker(kafka.bootstrap_servers, f"t{uuid4().hex[:8]}-"))
        self._topic, self._letters = case.input.topic.name, dead_letters_of(case.service).name
        self.telling = Telling(self._cluster, case.input, case.refused, times)
        self.instances: list[Instance] = []
        prefix = self._cluster.broker.prefix
        self._mongo = mongo
        self._database: Any = None  # opened with the campaign
        self._environment = {
            "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "MONGO_URI": mongo.uri,
            "TOPIC_PREFIX": prefix,
            "LOG_FORMAT": "json",
            f"{settings_prefix(case.service)}DATABASE": f"{prefix}documents",
            f"{settings_prefix(case.service)}REPLICAS": "3",
            **case.settings,
        }

    async def __aenter__(self) -> Self:
        topics = {topic.name: topic for topic in (*contracts.topics.ALL, dead_letters_of(self.case.service))}
        await asyncio.gather(
            *(self._cluster.create(name, topic.partitions) for name, topic in topics.items())
        )
        self._database = pymongo.MongoClient(self._mongo.uri)[f"{self._cluster.broker.prefix}documents"]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.telling.close()
        for instance in self.instances:
            instance.terminate()
        await asyncio.gather(*(asyncio.to_thread(instance.stop) for instance in self.instances))
        self._database.client.close()

    def spawn(self, strike: Strike | None = None) -> Instance:
        log = self._folder / f"{self.case.service}-{len(self.instances)}.log"
        instance = Instance(self.case.service, log, self._environment, strike)
        self.instances.append(instance)
        return instance

    async def start(self, *strikes: Strike | None) -> list[Instance]:
        """An instance for each of them, all of them ready."""
        started = [self.spawn(strike) for strike in strikes]
        for instance in started:
            await self.ready(instance)
        return started

    async def ready(self, instance: Instance) -> None:
        await until(lambda: asyncio.to_thread(instance.is_ready), 40)

    async def prepare(self, instance: Instance, count: int) -> None:
        async with httpx.AsyncClient(timeout=20) as http:
            self.telling.waiting += await self.case.prepare(http, instance.url, count)

    def expire_lease(self) -> None:
        """As if its three seconds had passed; for when its owner is dead."""
        self._database["leases"].update_one({"_id": "relay"}, [{"$set": {"expires": "$$NOW"}}])

    async def settled(self, within: float = 60) -> None:
        """Everything is read, and everything that followed has left."""
        async with self._group() as group:

            async def done() -> bool:
                return await self._all_read(group) and await asyncio.to_thread(self._pending) == 0

            await until(done, within)

    async def _all_read(self, group: AIOKafkaConsumer) -> bool:
        """By the last records: behind them lie the markers of transactions, which no consumer ever reads."""
        records = await self._cluster.read(self._topic)
        last = {TopicPartition(record.topic, record.partition): record.offset for record in records}
        return all([(await group.committed(place) or 0) > offset for place, offset in last.items()])

    def _pending(self) -> int:
        collections = [self._database[name] for name in self._database.list_collection_names()]
        return sum(found.count_documents({"pending_since": {"$gt": 0}}) for found in collections)

    async def rewind(self) -> None:
        """As if nobody had ever committed an offset. No instance may be there."""
        async with self._group() as group:
            await group.commit(dict.fromkeys(group.assignment(), 0))

    @contextlib.asynccontextmanager
    async def _group(self) -> AsyncIterator[AIOKafkaConsumer]:
        """A look at the offsets of the group, without being a member."""
        broker = self._cluster.broker
        consumer = AIOKafkaConsumer(
            bootstrap_servers=broker.bootstrap_servers,
            group_id=broker.named(self.case.service),
            enable_auto_commit=False,
        )
        await consumer.start()
        try:
            topic = broker.named(self._topic)
            await consumer._client._wait_on_metadata(topic)
            consumer.assign(
                [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
            )
            yield consumer
        finally:
            await consumer.stop()

    async def audited(self, instance: Instance) -> None:
        """All that the suite promises. `instance`: one that serves."""
        inputs, letters = await self._cluster.read(self._topic), await self._cluster.read(self._letters)
        outputs = Outputs(
            self.telling.told, inputs, await self._outputs(), self.case.one_of, self.case.perhaps
        )
        assert (found := outputs.faults()) == {}, found
        itself = {
            id_of(record) for record in outputs.outputs
        }  # where it publishes to the topic from which it reads
        known = self.telling.told.keys() | self.telling.skipped | itself
        bad = [record for record in inputs if id_of(record) not in known]
        assert (buried := faults_of_letters(bad, letters)) == {}, buried
        outcomes = [(self.telling.told[cause(one)], _event(one)) for one in outputs.decisions()]
        async with httpx.AsyncClient(timeout=20) as http:
            await self.case.holds(http, instance.url, outcomes)

    async def _outputs(self) -> list[ConsumerRecord]:
        """What events caused; a request is its own cause."""
        topics = sorted({event.topic.name for event in (*self.case.one_of, *self.case.perhaps)})
        records = [record for topic in topics for record in await self._cluster.read(topic)]
        source = (
            f"/{self.case.service}".encode()
        )  # inputs may lie there too, and some of those have no headers
        ours = [record for record in records if dict(record.headers).get("ce_source") == source]
        return [record for record in ours if cause(record) != header(record, "ce_correlationid")]


def _event(record: ConsumerRecord) -> Event:
    return EVENT_TYPES[header(record, "ce_type")].model_validate_json(record.value)
