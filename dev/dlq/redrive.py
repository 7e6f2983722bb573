"""Letters are redriven or dropped: in one Kafka transaction the original record and what became of its letter.

Exactly once, whoever dies when and however many try at once. There is one transactional id a service. Initialising
it settles what an earlier redrive left open, and fences one that goes on beside this one; so what the topic says
after that, read to its end, stays true until this one commits or is fenced itself.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

from contracts import dead_letters_of
from contracts.topics import CONSUMERS
from dev.dlq.address import Address
from dev.dlq.letters import How, Letter, Letters, Resolution, address_of, original, resolution
from dev.dlq.selection import Chosen, Selection, choose, service_of
from dev.dlq.tape import Tape, tape
from dev.dlq.troubles import told
from dev.errors import ShopError
from dev.security import Account
from event_bus import Broker, Outgoing, Record
from event_bus.crash_points import CrashPoint, reached
from event_bus.kafka import Producer
from event_bus.security import Access

# A transaction: what Kafka takes well within the 5 s of a call, and a person sees moving.
MOST_LETTERS = 100
MOST_BYTES = 4_000_000

Done = Callable[[Letter], None]


async def look(broker: Broker, services: Sequence[str]) -> Letters:
    async with tape(broker, _topics(services)) as read:
        return await read.letters()


async def settled(bootstrap_servers: str, prefix: str, account: Account = ()) -> list[Address]:
    """Where the records lie of which nothing came, and nothing will: dropped, or redriven as another record."""
    broker = Broker(bootstrap_servers, prefix, Access(*account))
    with told(broker):
        letters = await look(broker, CONSUMERS)
    return [letters.found[address].source for address in letters.resolved if address in letters.found]


async def fetch(broker: Broker, address: Address) -> tuple[Record, Letter, Resolution | None]:
    """Raises ShopError if there is none."""
    async with tape(broker, _topics([service_of(broker, address)])) as read:
        letters = await read.letters()
        if address not in letters.found:
            raise ShopError(f"there is no dead letter {address}")
        async with aclosing(read.records([address])) as records:
            record = await anext(records)
    return record, letters.found[address], letters.resolved.get(address)


async def try_out(broker: Broker, selection: Selection, how: How) -> Chosen:
    """What `resolve` would do. Changes nothing, and disturbs nobody."""
    return choose(broker, selection, await look(broker, selection.services), how)


async def resolve(broker: Broker, selection: Selection, how: How, done: Done) -> Chosen:
    """`done` is told of each letter when its transaction is committed. After any error: call it again."""
    async with AsyncExitStack() as stack:
        producers = {
            service: await stack.enter_async_context(_producer(broker, service))
            for service in selection.services
        }
        read = await stack.enter_async_context(tape(broker, _topics(selection.services)))
        letters = await read.all_letters()
        chosen = choose(broker, selection, letters, how)
        for service, producer in producers.items():
            mine = [one for one in chosen.letters if service_of(broker, one.address) == service]
            async with aclosing(_portions(read, mine)) as portions:
                async for records in portions:
                    await producer.transact(_outputs(broker, how, records), group="", offsets={})
                    for record in records:
                        done(letters.found[address_of(record)])
        return chosen


def _topics(services: Sequence[str]) -> list[str]:
    return [dead_letters_of(service).name for service in services]


@asynccontextmanager
async def _producer(broker: Broker, service: str) -> AsyncIterator[Producer]:
    producer = Producer(broker, f"{service}.dlq-redrive")
    reached(CrashPoint.PRODUCERS_CLOSED)
    try:
        await producer.start()
        reached(CrashPoint.PRODUCERS_OPEN)
        yield producer
    finally:
        await asyncio.shield(producer.discard())


async def _portions(read: Tape, letters: Sequence[Letter]) -> AsyncGenerator[list[Record], None]:
    """The records of these letters, as many as go into one transaction."""
    portion: list[Record] = []
    size = 0
    async with aclosing(read.records([letter.address for letter in letters])) as records:
        async for record in records:
            if portion and (len(portion) == MOST_LETTERS or size + _size(record) > MOST_BYTES):
                yield portion
                portion, size = [], 0
            portion.append(record)
            size += _size(record)
    if portion:
        yield portion


def _size(record: Record) -> int:
    return Outgoing(record.topic, record.key, record.value, record.headers).size()


def _outputs(broker: Broker, how: How, records: Sequence[Record]) -> list[Outgoing]:
    outputs = []
    for record in records:
        if how == "redriven":
            outputs.append(original(record, broker.prefix))
        outputs.append(resolution(address_of(record), how, broker.prefix))
    return outputs
