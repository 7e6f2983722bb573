"""The database half of the outbox, on MongoDB: documents whose events lie in the same document.

After a failed write the outcome is unknown until it was looked up.
"""

import contextlib
import itertools
import math
import time
from collections.abc import AsyncGenerator, Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import bson
from bson.raw_bson import RawBSONDocument
from motor.motor_asyncio import AsyncIOMotorCursor
from pymongo import UpdateMany
from pymongo.errors import BulkWriteError

from contracts import Envelope, Event
from event_bus import metrics
from event_bus.crash_points import CrashPoint, reached
from event_bus.errors import DatabaseUnavailable, Duplicate, OutboxFull
from event_bus.group_commit import GroupCommit
from event_bus.hand_over import HandOver
from event_bus.outbox import Entry, Pending, entry
from event_bus.repository.database import (
    LOOKUP_SECONDS,
    REQUEST_SECONDS,
    WRITE_SECONDS,
    Database,
    Document,
    deadline,
    duplicate_fields,
    request_deadline,
    too_late,
)
from event_bus.shared_call import SharedCall

RELAY_SECONDS = 30.0  # of a call of the relay, for which no request waits: a backlog of 20,000 is read in 2 s
# Documents that share a write: 16 ms on the embedded database, hardly more per second beyond.
MOST_PER_WRITE = 100
# Documents that one update clears: others' writes wait for it, and it compares the first ids of all.
MOST_PER_CLEAR = 25
MOST_PENDING = 1_000  # events of one document that may wait; a document has 16 MB
RECOUNT_SECONDS = 30.0  # at most that often, and only when the bound seems to be reached
DUPLICATE_KEY = 11_000

_OUTBOX = ("outbox", "pending_since")
OURS = (*_OUTBOX, "version", "applied", "applied_ids")  # fields of a document that are not its state


class _New(NamedTuple):
    """A document that is to be inserted, encoded, and its outbox as the relay would read it."""

    document: Mapping[str, Any]
    pending: Pending


class OutboxCollection:
    """A collection of documents with outboxes (see `event_bus.outbox`). `unique`: fields that are unique if there."""

    def __init__(
        self, database: Database, name: str, *, unique: Sequence[str] = (), max_pending: int = 20_000
    ) -> None:
        self._documents = database.collection(name)
        self._unique, self._max_pending = unique, max_pending
        self._gauge = metrics.PENDING.labels(name)
        self._commit = GroupCommit[_New](self._write, MOST_PER_WRITE, REQUEST_SECONDS)
        self._hand_over = HandOver()
        self._indexed = False
        self._index_once = SharedCall(self._index)
        self._pending, self._counted = (
            max_pending,
            -RECOUNT_SECONDS,
        )  # unknown: counted before the first write
        self._recount_once = SharedCall(self._recount)
        self._wake: Callable[[], None] = lambda: None

    # What a service does

    async def insert(self, document: Document, events: Sequence[Envelope[Event]]) -> None:
        """One write of state and events. Raises Duplicate, OutboxFull, DatabaseUnavailable."""
        await self.insert_entries(document, [entry(event) for event in events])

    async def insert_entries(self, document: Document, entries: Sequence[Entry]) -> None:
        """The same with finished entries of the outbox."""
        stored = dict(document)
        if entries:
            stored |= {"outbox": entries} | pending_fields()
        # What can't be stored fails here, alone, and not with all that share its write.
        encoded = RawBSONDocument(bson.encode(stored))
        await self._prepare()
        try:
            await self._commit(_New(encoded, Pending(stored["_id"], entries)))
        except TimeoutError as error:
            raise too_late() from error
        reached(CrashPoint.DOCUMENT_WRITTEN)
        self._written()

    async def append(self, key: object, change: Document, events: Sequence[Envelope[Event]]) -> bool:
        """Changes a document and adds what follows from it. False if there is no such document.

        Raises OutboxFull, and DatabaseUnavailable when the outcome is unknown.
        """
        async with request_deadline():
            await self._prepare()
        update = dict(change)
        if events:
            update["$push"] = {"outbox": {"$each": [entry(event) for event in events]}}
            update["$min"] = pending_fields()  # a document that waits keeps its place
        room = {"_id": key, f"outbox.{MOST_PENDING - len(events)}": {"$exists": False}}
        with deadline(WRITE_SECONDS):
            found = (await self._documents.update_one(room, update)).matched_count
        if found:
            reached(CrashPoint.DOCUMENT_WRITTEN)
            self._hand_over.left_to_database()
            self._written()
            return True
        if await self.get(key) is not None:
            raise OutboxFull("too many events of this document wait for Kafka")
        return False

    async def get(self, key: object) -> Document | None:
        return await self.find_one({"_id": key})

    async def find_one(self, filter: Document) -> Document | None:
        """One document without its outbox."""
        with deadline(LOOKUP_SECONDS):
            return await self._documents.find_one(filter, dict.fromkeys(OURS, 0))

    async def find_some(self, filter: Document, limit: int, fields: Mapping[str, int]) -> list[Document]:
        """At most so many documents, by _id, with these fields alone."""
        with deadline(LOOKUP_SECONDS):
            return await self._documents.find(filter, fields).sort("_id", 1).limit(limit).to_list(None)

    async def find_all(self) -> list[Document]:
        """All documents without their outboxes: for small collections."""
        with deadline(LOOKUP_SECONDS):
            return await self._documents.find({}, dict.fromkeys(OURS, 0)).to_list(None)

    async def waiting(self) -> int:
        """Documents whose events wait for Kafka, whichever instance wrote them; not counted beyond the bound."""
        with deadline(LOOKUP_SECONDS):
            pending = {"pending_since": {"$gt": 0}}
            return int(await self._documents.count_documents(pending, limit=self._max_pending))

    async def measure(self) -> None:
        """Sets the gauges: how many documents wait, and since when the oldest of them does."""
        oldest = metrics.OLDEST.labels(self._documents.name)
        try:
            self._gauge.set(await self.waiting())
            oldest.set(await self._oldest())
        except BaseException:
            oldest.set(math.nan)  # better than what it was before the database was away
            raise

    async def _oldest(self) -> float:
        """Its age in seconds."""
        with deadline(LOOKUP_SECONDS):
            waiting = self._documents.find({"pending_since": {"$gt": 0}}, {"pending_since": 1})
            found = await waiting.sort("pending_since", 1).limit(1).to_list(1)
        return metrics.age(found[0]["pending_since"] / 1_000_000) if found else 0.0

    async def find_settled(self) -> list[Document]:
        """All documents whose events are committed: for small collections."""
        with deadline(LOOKUP_SECONDS):
            return await self._documents.find({"pending_since": {"$exists": False}}).to_list(None)

    # What the relay does (event_bus.outbox.Outbox)

    def on_write(self, wake: Callable[[], None]) -> None:
        self._wake = wake

    def rush(self, seconds: float) -> None:
        """People wait for a core: for so long, and not longer than the relay's own bound, events wait too."""
        self._commit.crowd(seconds)

    async def quiet(self) -> None:
        await self._commit.quiet()

    @contextlib.contextmanager
    def handing_over(self) -> Iterator[None]:
        self._hand_over.start()
        try:
            yield
        finally:
            self._hand_over.stop()

    async def backlog(self, look: bool = True) -> AsyncGenerator[Pending, None]:
        for pending in self._hand_over.taken():
            yield pending
        if look or self._hand_over.look:
            held = self._hand_over.looking()  # what is cleared meanwhile the cursor may have still
            async with contextlib.aclosing(self._stored()) as stored:
                async for pending in stored:
                    if pending.document not in held and not self._hand_over.has(pending.document):
                        yield pending

    async def _stored(self) -> AsyncGenerator[Pending, None]:
        waiting = {"pending_since": {"$gt": 0}}
        # Without a size of its own a batch is 16 MB of documents.
        cursor = self._documents.find(waiting, {"outbox": 1}, batch_size=500).sort("pending_since", 1)
        try:
            while batch := await _read(cursor):
                for document in batch:
                    yield Pending(document["_id"], document["outbox"])
        finally:
            if cursor.delegate.alive:  # to close one that came to its end is one more call
                with contextlib.suppress(DatabaseUnavailable), deadline(LOOKUP_SECONDS):
                    await cursor.close()

    async def clear(self, published: Collection[Pending]) -> None:
        """Outboxes grow at their end and are cleared from their front: first id and size tell what is there."""
        alike = list(_alike(published))
        whole = await self._update([_drop_whole(documents) for documents in alike])
        self._count(-whole)
        rest = len(published) - whole
        longer = [_drop_front(documents) for documents in alike if _size(documents[0])]
        if rest and await self._update(longer) < rest:
            ids = [event_id for pending in published for event_id in pending.ids]
            await self._pull([pending.document for pending in published], ids)
        self._hand_over.cleared(published, rest > 0)

    async def _update(self, updates: Sequence[UpdateMany]) -> int:
        if not updates:
            return 0
        with deadline(RELAY_SECONDS):
            return (await self._documents.bulk_write(updates, ordered=False)).matched_count

    async def forget(self, ids: Collection[UUID]) -> None:
        """Walks the backlog: the last round held its oldest documents, so all are found at once or are gone."""
        wanted = {str(event_id) for event_id in ids}
        holders: list[object] = []
        async with contextlib.aclosing(self._stored()) as backlog:
            async for pending in backlog:
                if held := wanted & {stored["id"] for stored in pending.entries}:
                    holders.append(pending.document)
                    wanted -= held
                if not wanted:
                    break
        if holders:
            await self._pull(holders, ids)

    async def _pull(self, keys: Collection[object], ids: Collection[UUID]) -> None:
        where: Document = {"_id": {"$in": list(keys)}}
        gone = {"$pull": {"outbox": {"id": {"$in": [str(event_id) for event_id in ids]}}}}
        empty = where | {"outbox": []}
        with deadline(RELAY_SECONDS):
            await self._documents.bulk_write(
                [UpdateMany(where, gone), UpdateMany(empty, {"$unset": dict.fromkeys(_OUTBOX, 1)})]
            )

    # How it is done

    async def _prepare(self) -> None:
        """Indexes before the first write; the bound before each one."""
        if not self._indexed:
            await self._index_once()
        if self._pending >= self._max_pending:
            await self._recount_once()
        if self._pending >= self._max_pending:
            raise OutboxFull("too many events wait for Kafka")

    async def _index(self) -> None:
        with deadline(WRITE_SECONDS):
            await self._documents.create_index("pending_since", sparse=True)
            for field in self._unique:
                await self._documents.create_index(field, unique=True, sparse=True)
        self._indexed = True

    async def _recount(self) -> None:
        """Other replicas write and publish too, so the count of this process may be off. Nobody writes meanwhile."""
        if time.monotonic() - self._counted <= RECOUNT_SECONDS:
            return
        try:
            self._pending = await self.waiting()
        except DatabaseUnavailable:
            self._pending = 0  # if it can't be counted now: the bound is to protect, not to forbid
        self._counted = time.monotonic()

    def _written(self, documents: int = 1) -> None:
        self._count(documents)
        self._wake()

    def _count(self, more: int) -> None:
        self._pending = max(0, self._pending + more)
        self._gauge.set(self._pending)

    async def _write(self, new: Sequence[_New]) -> Sequence[Exception | None]:
        pending = [one.pending for one in new if one.pending.entries]
        self._hand_over.before_write(pending)
        try:
            outcomes = await self._insert([one.document for one in new])
        except BaseException as error:
            self._hand_over.after_write(pending, [error] * len(pending))
            raise
        errors = [error for one, error in zip(new, outcomes, strict=True) if one.pending.entries]
        self._hand_over.after_write(pending, errors)
        return outcomes

    async def _insert(self, documents: Sequence[Mapping[str, Any]]) -> Sequence[Exception | None]:
        metrics.WRITE_SIZE.observe(len(documents))
        try:
            with metrics.WRITE.time(), deadline(WRITE_SECONDS):
                await self._insert_many(documents)
        except DatabaseUnavailable as unknown:
            return await self._look_up(documents, unknown)
        except _PartlyDone as partly:
            return [partly.errors.get(index) for index in range(len(documents))]
        return [None] * len(documents)

    async def _insert_many(self, documents: Sequence[Mapping[str, Any]]) -> None:
        try:
            await self._documents.insert_many(documents, ordered=False)  # type: ignore[arg-type]  # raw ones
        except BulkWriteError as error:
            raise _PartlyDone(error.details or {}, len(documents)) from error

    async def _look_up(
        self, documents: Sequence[Mapping[str, Any]], unknown: DatabaseUnavailable
    ) -> Sequence[Exception | None]:
        """Once, by id: there as we wrote it, it was written; anything else is for the client to repeat."""
        try:
            with deadline(LOOKUP_SECONDS):
                keys = [document["_id"] for document in documents]
                found = await self._documents.find({"_id": {"$in": keys}}).to_list(None)
        except DatabaseUnavailable:
            return [unknown] * len(documents)
        there = {document["_id"]: _state(document) for document in found}
        return [None if there.get(d["_id"]) == _state(d) else unknown for d in documents]


def pending_fields() -> Document:
    return {"pending_since": time.time_ns()}


def _alike(published: Collection[Pending]) -> Iterator[Sequence[Pending]]:
    """Documents with as many published events each: one update clears them all, at half the price of one each."""
    by_size = sorted(published, key=_size)
    for _, same in itertools.groupby(by_size, _size):
        while some := list(itertools.islice(same, MOST_PER_CLEAR)):
            yield some


def _size(pending: Pending) -> int:
    return len(pending.entries)


def _drop_whole(alike: Sequence[Pending]) -> UpdateMany:
    """Where the outbox holds these entries and nothing else."""
    exactly = {"outbox": {"$size": _size(alike[0])}}
    return UpdateMany(_these_first(alike) | exactly, {"$unset": dict.fromkeys(_OUTBOX, 1)})


def _drop_front(alike: Sequence[Pending]) -> UpdateMany:
    """Where more came behind them meanwhile."""
    rest = {"$slice": ["$outbox", _size(alike[0]), {"$size": "$outbox"}]}
    return UpdateMany(_these_first(alike), [{"$set": {"outbox": rest}}])


def _these_first(alike: Sequence[Pending]) -> Document:
    where: Document = {"_id": {"$in": [pending.document for pending in alike]}}
    if _size(alike[0]):
        where["outbox.0.id"] = {"$in": [pending.entries[0]["id"] for pending in alike]}
    return where


async def _read(cursor: "AsyncIOMotorCursor[Document]") -> list[Document]:
    with deadline(RELAY_SECONDS):
        return await cursor.to_list(101)


class _PartlyDone(Exception):
    """Some documents of a shared write were refused: an error for each of these indexes."""

    def __init__(self, details: Mapping[str, Any], documents: int) -> None:
        self.errors: dict[int, Exception] = {}
        if details.get("writeConcernErrors"):  # written, but not known to be in the journal
            unsure = DatabaseUnavailable("the database did not journal a write")
            self.errors = dict.fromkeys(range(documents), unsure)
        for error in details.get("writeErrors", ()):
            code = error["code"]
            self.errors[error["index"]] = (
                Duplicate(duplicate_fields(error))
                if code == DUPLICATE_KEY
                else DatabaseUnavailable(f"the database refused a write: {code}")
            )


def _state(document: Mapping[str, Any]) -> Document:
    return {field: value for field, value in document.items() if field not in OURS}
