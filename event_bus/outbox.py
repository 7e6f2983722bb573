"""What the relay needs of a database: documents that carry the events which they caused.

    {_id, …state…, outbox: [event, …], pending_since: …}

State and events are one document and one write, so neither is ever there without the other. An entry of the outbox
is the finished record, as legible text. `pending_since` is there as long as the outbox is not empty.
"""

import json
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from pydantic_core import to_json

from contracts import Envelope, Event
from event_bus import metrics
from event_bus.records import Outgoing
from event_bus.wire import attributes

LEASE_SECONDS = 3.0

Entry = dict[str, Any]


def entry(envelope: Envelope[Event]) -> Entry:
    """An event as it lies in the outbox."""
    headers = attributes(envelope)
    return {
        "id": headers["ce_id"],
        "topic": envelope.data.topic.name,
        "key": envelope.subject,
        "headers": to_json(headers).decode(),  # as a document the database would take it apart at each write
        "value": envelope.data.to_json(),
    }


def raw_entry(event_id: UUID, outgoing: Outgoing) -> Entry:
    """A record of any bytes as it lies in the outbox: a dead letter need not be legible."""
    return {
        "id": str(event_id),
        "topic": outgoing.topic,
        "key": outgoing.key,
        "headers": [[name, part] for name, part in outgoing.headers],
        "value": outgoing.value,
    }


def record(stored: Entry) -> Outgoing:
    """The record of an entry, as the relay sends it."""
    headers = stored["headers"]
    if isinstance(headers, str):
        headers = json.loads(headers)
    parts = headers.items() if isinstance(headers, Mapping) else headers
    pairs = [(name, _bytes(part)) for name, part in parts]
    return Outgoing(stored["topic"], _bytes(stored["key"]), _bytes(stored["value"]), pairs)


def note_delay(published: Sequence["Pending"]) -> None:
    """That Kafka has these now, oldest first. Dead letters do not count: their headers tell of another time."""
    headers = next((stored["headers"] for pending in published for stored in pending.entries), None)
    if isinstance(headers, str):
        born = datetime.fromisoformat(json.loads(headers)["ce_time"])
        metrics.PUBLISH_DELAY.observe(metrics.age(born.timestamp() * 1000))


def _bytes(part: str | bytes | None) -> bytes | None:
    return part.encode() if isinstance(part, str) else part


@dataclass(frozen=True, slots=True)
class Pending:
    """The outbox of one document as it was read: oldest event first. Without entries: only to be cleared."""

    document: Any  # its _id
    entries: Sequence[Entry]

    @property
    def ids(self) -> list[UUID]:
        return [UUID(stored["id"]) for stored in self.entries]


class Outbox(Protocol):
    """A collection of documents with outboxes. Every call may raise DatabaseUnavailable."""

    def on_write(self, wake: Callable[[], None]) -> None:
        """Calls `wake` after each write of this process."""
        ...

    async def quiet(self) -> None:
        """Returns when no crowd of requests waits for the database: the relay lets them go first."""
        ...

    def handing_over(self) -> AbstractContextManager[None]:
        """Inside, new documents of this process come to `backlog` in memory. Left, all is in the database alone."""
        ...

    def backlog(self, look: bool = True) -> AsyncGenerator[Pending, None]:
        """Pending documents, oldest first: what was handed over, then, through one cursor, what else there is.

        Not `look`: the database is looked at only if this process knows that something waits there. A document that
        got events meanwhile may come as it was, never with an event before an older one of its own."""
        ...

    async def clear(self, published: Collection[Pending]) -> None:
        """Takes exactly these entries out of their documents. Doing it again changes nothing."""
        ...

    async def forget(self, ids: Collection[UUID]) -> None:
        """Takes the entries with these ids out, wherever they are (slow: for a start or a take-over)."""
        ...


class Lease(Protocol):
    """Who may relay. It gives liveness only; safety comes from the transactional ids."""

    async def acquire(self) -> bool:
        """Takes or renews it; False if somebody else has it."""
        ...

    async def release(self) -> None: ...

    @property
    def contended(self) -> bool:
        """Whether another replica was seen waiting: then events also come from others' requests."""
        ...
