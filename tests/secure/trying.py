"""Whatever an account can try on a broker, as one call each: it raises Refused, or it worked."""

from dataclasses import replace

from contracts import Topic
from dev.kafka.security import ADMIN
from event_bus import Outgoing, Partition
from event_bus.kafka import Admin, Consumer, PlainProducer, Producer, opened
from event_bus.records import Committed
from event_bus.security import Access
from event_bus.settings import Broker

RECORD = b"tried"


def as_admin(servers: str, password: str, prefix: str = "") -> Broker:
    return Broker(servers, prefix, Access("SASL_PLAINTEXT", "PLAIN", ADMIN, password))


def as_account(admin: Broker, name: str, password: str) -> Broker:
    return replace(admin, access=Access("SASL_PLAINTEXT", "SCRAM-SHA-512", name, password))


async def write(broker: Broker, topic: Topic) -> None:
    async with opened(PlainProducer(broker)) as producer:
        await producer.send(Outgoing(topic.name, RECORD, RECORD))


async def read(broker: Broker, topic: Topic) -> None:
    async with opened(Consumer(broker)) as consumer:
        partitions = await consumer.assign_all([topic.name])
        await consumer.batch(partitions, 1, 0.1)


async def use_group(broker: Broker, group: str, topic: Topic) -> None:
    """Asks where the group is: whoever may do this may also join it, and commit for it."""
    async with opened(Consumer(broker, group)) as consumer:
        await consumer.committed(Partition(broker.named(topic.name), 0))


async def commit(broker: Broker, group: str, topic: Topic) -> None:
    async with opened(Consumer(broker, group)) as consumer:
        await consumer.assign_all([topic.name])
        await consumer.commit({Partition(broker.named(topic.name), 0): 0})


async def take_over(broker: Broker, transactional_id: str) -> None:
    """Fences whoever works under this id."""
    async with opened(Producer(broker, transactional_id)):
        pass


async def transact(broker: Broker, transactional_id: str, topic: Topic, group: str, place: Topic) -> None:
    """A record on `topic`, and an offset of the group for `place`."""
    async with opened(Producer(broker, transactional_id)) as producer:
        partition = Partition(broker.named(place.name), 0)
        await producer.transact([Outgoing(topic.name, RECORD, RECORD)], group, {partition: Committed(1)})


async def make_topic(broker: Broker) -> None:
    async with Admin(broker) as admin:
        await admin.create_topic("made-by-a-service", 1, 1, {})
