"""Documents that change by events: state, what was applied, and outbox, in one write.

Every write names the version that it was made from. Whoever meets another version looks again: two instances, or a
consumer and a request, can't undo each other's work, and a process that slept can't repeat its own.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from pymongo import InsertOne, UpdateOne
from pymongo.errors import BulkWriteError

from contracts import Envelope, Event
from event_bus import metrics
from event_bus.crash_points import CrashPoint, reached
from event_bus.errors import OutboxFull
from event_bus.fold import Bury, Changed, Input, State, fold
from event_bus.inbox import Inbox
from event_bus.outbox import entry
from event_bus.repository.database import (
    LOOKUP_SECONDS,
    WRITE_SECONDS,
    Database,
    Document,
    deadline,
    request_deadline,
)
from event_bus.repository.outbox import DUPLICATE_KEY, MOST_PENDING, OURS, OutboxCollection, pending_fields

# So many documents at once: a backlog is worked off, and the relay waits for a while. To clear a document costs the
# database as much as to write it.
BACKLOG = 64
ATTEMPTS = 20  # at a document that others change as well, before the whole batch waits for a moment

_CROWDED = "others always change the same document, or too many events of it wait for Kafka"

EdgeRule = Callable[[State | None], tuple[State | None, Sequence[Envelope[Event]]]]


class StateCollection(OutboxCollection):
    """An outbox collection whose documents also have an inbox and a version."""

    def __init__(
        self, database: Database, name: str, *, unique: Sequence[str] = (), max_pending: int = 20_000
    ) -> None:
        super().__init__(database, name, unique=unique, max_pending=max_pending)
        self._turn = asyncio.Lock()  # of this process; with others the version decides

    async def apply(self, service: str, inputs: Sequence[Input], bury: Bury) -> Sequence[Changed]:
        """Applies each input once, and tells what was changed; `bury` gets those that can't be, before the write.

        Raises OutboxFull and DatabaseUnavailable: then do it again, from the start.
        """
        async with self._turn:
            await self._prepare()
            for _ in range(ATTEMPTS):
                documents = await self._load({given.key for given in inputs})
                folded = fold(service, inputs, documents)
                if folded.refused:  # a further look would not tell: its document may have gone on
                    await bury(folded.refused)
                    buried = {id(record) for record, _ in folded.refused}
                    inputs = [given for given in inputs if id(given.record) not in buried]
                if await self._store(folded.changed):
                    if len(folded.changed) >= BACKLOG:
                        self._commit.crowd()
                    return folded.changed
        raise OutboxFull(_CROWDED)

    async def quiet(self) -> None:
        """Also when no shared write is under way: its documents become visible one by one, events in dribs."""
        async with self._turn:
            pass
        await super().quiet()

    async def change(self, key: object, rule: EdgeRule) -> State | None:
        """For a request: the state after `rule`, which gets the state and gives the next one (None: no change).

        Raises what the rule raises, OutboxFull, and DatabaseUnavailable when the outcome is unknown.
        """
        async with request_deadline(), self._turn:
            await self._prepare()
            for _ in range(ATTEMPTS):
                document = (await self._load([key]))[key]
                state, events = rule(document.state)
                if state is None:
                    return document.state
                document.state, document.touched = state, True
                document.entries += [entry(event) for event in events]
                if await self._store([document]):
                    return state
        raise OutboxFull(_CROWDED)

    async def _load(self, keys: Collection[object]) -> dict[object, Changed]:
        with deadline(LOOKUP_SECONDS):
            found = await self._documents.find({"_id": {"$in": list(keys)}}, {"outbox": 0}).to_list(None)
        there = {document["_id"]: _read(document) for document in found}
        return {key: there.get(key) or Changed(key, None, 0, None, Inbox()) for key in keys}

    async def _store(self, changed: Sequence[Changed]) -> bool:
        """One write for all of them. False if one was changed meanwhile; then look at all of them again."""
        if not changed:
            return True
        reached(CrashPoint.APPLIED)
        with metrics.APPLY.time(), deadline(WRITE_SECONDS):
            complete = await self._write_all([_operation(document) for document in changed])
        reached(CrashPoint.WRITTEN)
        if following := sum(1 for document in changed if document.entries):
            self._hand_over.left_to_database()
            self._written(following)
        if not complete:
            metrics.CONFLICTS.inc()
        return complete

    async def _write_all(self, operations: Sequence[Any]) -> bool:
        try:
            result = await self._documents.bulk_write(operations, ordered=False)
        except BulkWriteError as error:
            codes = {found["code"] for found in (error.details or {}).get("writeErrors", ())}
            if codes == {DUPLICATE_KEY}:  # somebody else made the document
                return False
            raise
        return bool(result.matched_count + result.inserted_count == len(operations))


def _read(document: Document) -> Changed:
    state = {name: value for name, value in document.items() if name not in ("_id", *OURS)}
    return Changed(document["_id"], state, document.get("version", 0), state, Inbox.of(document))


def _operation(changed: Changed) -> Any:
    if changed.before is None:
        document = {"_id": changed.key, **(changed.state or {}), **changed.inbox.stored(), "version": 1}
        if changed.entries:
            document |= {"outbox": changed.entries} | pending_fields()
        return InsertOne(document)
    room = {f"outbox.{max(0, MOST_PENDING - len(changed.entries))}": {"$exists": False}}
    update: Document = {"$set": _differences(changed) | changed.inbox.stored(), "$inc": {"version": 1}}
    if changed.entries:
        update |= {"$push": {"outbox": {"$each": changed.entries}}, "$min": pending_fields()}
    version = changed.version or {"$exists": False}
    return UpdateOne({"_id": changed.key, "version": version, **room}, update)


def _differences(changed: Changed) -> Document:
    """A state has all fields that it ever had: rules add and change, and never take a field away."""
    before: Mapping[str, Any] = changed.before or {}
    return {name: value for name, value in (changed.state or {}).items() if before.get(name) != value}
