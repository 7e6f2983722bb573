"""The floor of the stateful consumer: the shared writes that it would make for some records, and nothing else.

The same documents get the same updates, as many in a call, by the same code (`Products.apply`), each call journaled
and awaited before the next. Only the seconds inside `bulk_write` count. There is no Kafka and no relay beside it; in
their place outboxes are emptied between two writes, while the clock stands.
"""

import contextlib
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any
from uuid import uuid4

from event_bus import Apply, Database, Input, Record
from event_bus.repository.database import DocumentCollection
from event_bus.routing import Routing
from event_bus.stateful import MOST_RECORDS
from inventories_service.app import consumes
from inventories_service.repository import Products
from inventories_service.settings import Settings

SERVICE = "inventories_service"
CLEARED = 180  # documents in one call, as by the relay


@dataclass
class SharedWrites:
    """Seconds: `writing` inside `bulk_write`; `handling` also decode, find, rule and encode."""

    calls: int = 0
    updates: int = 0
    writing: float = 0.0
    handling: float = 0.0

    def __add__(self, other: "SharedWrites") -> "SharedWrites":
        return SharedWrites(
            self.calls + other.calls,
            self.updates + other.updates,
            self.writing + other.writing,
            self.handling + other.handling,
        )

    @contextlib.contextmanager
    def handled(self) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.handling += time.perf_counter() - begun


class _Timed:
    """A collection whose `bulk_write` is timed while somebody listens."""

    def __init__(self, collection: DocumentCollection) -> None:
        self._collection = collection
        self.listener: SharedWrites | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._collection, name)

    async def bulk_write(self, operations: Sequence[Any], **options: Any) -> Any:
        begun = time.perf_counter()
        result = await self._collection.bulk_write(operations, **options)
        if self.listener:
            self.listener.writing += time.perf_counter() - begun
            self.listener.calls += 1
            self.listener.updates += len(operations)
        return result


class _TimedDatabase(Database):
    def __init__(self, uri: str, name: str) -> None:
        super().__init__(uri, name)
        self._timed: dict[str, _Timed] = {}

    def collection(self, name: str) -> Any:
        return self._timed.setdefault(name, _Timed(super().collection(name)))

    def tell(self, listener: SharedWrites | None) -> None:
        for collection in self._timed.values():
            collection.listener = listener


async def shared_writes(
    uri: str, settings: Settings, records: Sequence[Record], most: int = MOST_RECORDS
) -> SharedWrites:
    """On a fresh copy of the documents, in a database of its own on the same server; so many records in a write."""
    routing, found = Routing(SERVICE, consumes(settings)), SharedWrites()
    async with _TimedDatabase(uri, f"benchmark-{uuid4().hex[:6]}") as database:
        products = Products(database, settings.outbox_max_pending, SERVICE, settings.seeds())
        await products.levels("", 1)  # which also sows
        await _clear(products)
        for batch in as_consumed(records, most):
            database.tell(found)
            with found.handled():
                await products.apply(SERVICE, _inputs(routing, batch), _nobody)
            database.tell(None)
            await _clear(products)
    return found


async def _nobody(refused: Sequence[object]) -> None:
    raise AssertionError(refused)


def as_consumed(records: Sequence[Record], most: int) -> list[list[Record]]:
    """Cut as the consumer would: the partitions in turn, so many records each."""
    partitions: dict[int, list[Record]] = defaultdict(list)
    for record in sorted(records, key=lambda record: record.offset):
        partitions[record.partition].append(record)
    cut = [
        [mine[start : start + most] for start in range(0, len(mine), most)] for mine in partitions.values()
    ]
    return [batch for batch in chain.from_iterable(zip_longest(*cut)) if batch]


def _inputs(routing: Routing[Apply], batch: Sequence[Record]) -> list[Input]:
    inputs: list[Input] = []
    for record in batch:
        if found := routing.find(record):
            event, row = found
            source = f"{record.topic}-{record.partition}"
            inputs.append(Input(record, source, event, row.by, row.to(event.data)))
    return inputs


async def _clear(products: Products) -> None:
    """What the relay would do."""
    pending = [document async for document in products.states.backlog()]
    for start in range(0, len(pending), CLEARED):
        await products.states.clear(pending[start : start + CLEARED])
