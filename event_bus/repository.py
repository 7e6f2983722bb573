"""The database half of the outbox, on MongoDB: documents whose events lie in the same document.

A write is acknowledged only when it is in the journal (`w=1, j=true`): without it the last 100 ms are lost when the
server is killed. Every call has a deadline; after a failed write the outcome is unknown until it was looked up.
"""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Self
from uuid import UUID

import pymongo
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection
from pymongo import UpdateMany, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError

from contracts import Envelope, Event
from event_bus import metrics
from event_bus.errors import DatabaseUnavailable, Duplicate, OutboxFull
from event_bus.group_commit import GroupCommit
from event_bus.outbox import LEASE_SECONDS, Entry, Pending, entry

WRITE_SECONDS, LOOKUP_SECONDS = 3.5, 1.5  # of one call
REQUEST_SECONDS = 5.0  # a write, its place in the queue, and the look-up when its outcome is unknown
MOST_PER_WRITE = (
    100  # documents that share a write: 16 ms on the embedded database, hardly more per second beyond
)
MOST_PENDING = 1_000  # events of one document that may wait; a document has 16 MB
RECOUNT_SECONDS = 30.0  # at most that often, and only when the bound seems to be reached
DUPLICATE_KEY = 11_000

Document = dict[str, Any]
_STORED = ("outbox", "pending_since")

_CLIENT_OPTIONS: Mapping[str, Any] = {
    "serverSelectionTimeoutMS": 2_000,
    "connectTimeoutMS": 2_000,
    "socketTimeoutMS": 5_000,
    "timeoutMS": 5_000,
    "waitQueueTimeoutMS": 1_000,
    "w": 1,
    "journal": True,
    "retryWrites": False,  # a repeated insert would meet itself as a duplicate
    "tz_aware": True,
}


class Database:
    """A service's own database. Opens no connection before the first call."""

    def __init__(self, uri: str, name: str) -> None:
        self._client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(uri, **_CLIENT_OPTIONS)
        self._database = self._client[name]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._client.close()

    def collection(self, name: str) -> AsyncIOMotorCollection[Document]:
        return self._database[name]

    def not_ready(self) -> str | None:
        topology = self._client.delegate.topology_description
        return None if topology.has_writable_server() else "the database does not answer"


@contextlib.contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """A bound on the calls inside, and the driver's errors as ours."""
    try:
        with pymongo.timeout(seconds):
            yield
    except DuplicateKeyError as error:
        raise Duplicate(_fields(error.details or {})) from error
    except PyMongoError as error:
        raise DatabaseUnavailable(f"the database did not do it: {type(error).__name__}") from error


@contextlib.asynccontextmanager
async def _request_deadline() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(REQUEST_SECONDS):
            yield
    except TimeoutError as error:
        raise DatabaseUnavailable(f"the database did not do it within {REQUEST_SECONDS:g} s") from error


def _fields(details: Mapping[str, Any]) -> Collection[str]:
    return list(details.get("keyPattern") or ["_id"])


class OutboxCollection:
    """A collection of documents with outboxes (see `event_bus.outbox`). `unique`: fields that are unique if there."""

    def __init__(
        self, database: Database, name: str, *, unique: Sequence[str] = (), max_pending: int = 100_000
    ) -> None:
        self._documents = database.collection(name)
        self._unique, self._max_pending = unique, max_pending
        self._commit = GroupCommit(self._write, MOST_PER_WRITE)
        self._indexed = False
        self._pending, self._counted = (
            max_pending,
            -RECOUNT_SECONDS,
        )  # unknown: counted before the first write
        self._wake: Callable[[], None] = lambda: None

    # What a service does

    async def insert(self, document: Document, events: Sequence[Envelope[Event]]) -> None:
        """One write of state and events. Raises Duplicate, OutboxFull, DatabaseUnavailable."""
        stored = document | {"outbox": [entry(event) for event in events], "pending_since": time.time_ns()}
        async with _request_deadline():
            await self._prepare()
            await self._commit(stored)
        self._written()

    async def append(self, key: object, change: Document, events: Sequence[Envelope[Event]]) -> bool:
        """Changes a document and adds what follows from it. False if there is no such document.

        Raises OutboxFull, and DatabaseUnavailable when the outcome is unknown.
        """
        async with _request_deadline():
            await self._prepare()
        update = dict(change)
        if events:
            update["$push"] = {"outbox": {"$each": [entry(event) for event in events]}}
            update["$min"] = {"pending_since": time.time_ns()}  # a document that waits keeps its place
        room = {"_id": key, f"outbox.{MOST_PENDING - len(events)}": {"$exists": False}}
        with deadline(WRITE_SECONDS):
            found = (await self._documents.update_one(room, update)).matched_count
        if found:
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
            return await self._documents.find_one(filter, dict.fromkeys(_STORED, 0))

    async def find_all(self) -> list[Document]:
        """All documents without their outboxes: for small collections."""
        with deadline(LOOKUP_SECONDS):
            return await self._documents.find({}, dict.fromkeys(_STORED, 0)).to_list(None)

    async def find_settled(self) -> list[Document]:
        """All documents whose events are committed: for small collections."""
        with deadline(LOOKUP_SECONDS):
            return await self._documents.find({"pending_since": {"$exists": False}}).to_list(None)

    # What the relay does (event_bus.outbox.Outbox)

    def on_write(self, wake: Callable[[], None]) -> None:
        self._wake = wake

    async def backlog(self) -> AsyncIterator[Pending]:
        with deadline(WRITE_SECONDS):
            cursor = self._documents.find({"pending_since": {"$gt": 0}}, {"outbox": 1})
            batch = await cursor.sort("pending_since", 1).to_list(101)
        while batch:
            for document in batch:
                yield Pending(document["_id"], document["outbox"])
            with deadline(WRITE_SECONDS):
                batch = await cursor.to_list(101)

    async def clear(self, published: Collection[Pending]) -> None:
        """Whole outboxes are dropped by `_id` when nothing was added since; of the others, exactly these ids."""
        whole = [
            UpdateOne(_unchanged(pending), {"$unset": dict.fromkeys(_STORED, 1)}) for pending in published
        ]
        with deadline(WRITE_SECONDS):
            result = await self._documents.bulk_write(whole, ordered=False)
        self._pending -= result.matched_count
        if result.matched_count < len(whole):
            keys = [pending.document for pending in published]
            await self._pull({"_id": {"$in": keys}}, [i for pending in published for i in pending.ids])

    async def forget(self, ids: Collection[UUID]) -> None:
        if ids:
            await self._pull({"pending_since": {"$gt": 0}}, ids)

    async def _pull(self, where: Document, ids: Collection[UUID]) -> None:
        gone = {"$pull": {"outbox": {"id": {"$in": [str(event_id) for event_id in ids]}}}}
        empty = where | {"outbox": []}
        with deadline(WRITE_SECONDS):
            await self._documents.bulk_write(
                [UpdateMany(where, gone), UpdateMany(empty, {"$unset": dict.fromkeys(_STORED, 1)})]
            )

    # How it is done

    async def _prepare(self) -> None:
        """Indexes before the first write; the bound before each one."""
        if not self._indexed:
            with deadline(WRITE_SECONDS):
                await self._documents.create_index("pending_since", sparse=True)
                for field in self._unique:
                    await self._documents.create_index(field, unique=True, sparse=True)
            self._indexed = True
        if self._pending >= self._max_pending:
            await self._recount()
        if self._pending >= self._max_pending:
            raise OutboxFull("too many events wait for Kafka")

    async def _recount(self) -> None:
        """Other replicas write and publish too, so the count of this process may be off."""
        if time.monotonic() - self._counted > RECOUNT_SECONDS:
            with deadline(LOOKUP_SECONDS):
                self._pending = await self._documents.count_documents(
                    {"pending_since": {"$gt": 0}}, limit=self._max_pending
                )
            self._counted = time.monotonic()

    def _written(self) -> None:
        self._pending += 1
        metrics.PENDING.set(self._pending)
        self._wake()

    async def _write(self, documents: Sequence[Document]) -> Sequence[Exception | None]:
        metrics.WRITE_SIZE.observe(len(documents))
        try:
            with metrics.WRITE.time(), deadline(WRITE_SECONDS):
                await self._insert_many(documents)
        except DatabaseUnavailable as unknown:
            return await self._look_up(documents, unknown)
        except _PartlyDone as partly:
            return [partly.errors.get(index) for index in range(len(documents))]
        return [None] * len(documents)

    async def _insert_many(self, documents: Sequence[Document]) -> None:
        try:
            await self._documents.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            raise _PartlyDone(error.details or {}) from error

    async def _look_up(
        self, documents: Sequence[Document], unknown: DatabaseUnavailable
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


class _PartlyDone(Exception):
    """Some documents of a shared write were refused: an error for each of these indexes."""

    def __init__(self, details: Mapping[str, Any]) -> None:
        self.errors: dict[int, Exception] = {
            error["index"]: Duplicate(_fields(error))
            if error["code"] == DUPLICATE_KEY
            else DatabaseUnavailable(f"the database refused a write: {error['code']}")
            for error in details.get("writeErrors", ())
        }


def _state(document: Document) -> Document:
    return {field: value for field, value in document.items() if field not in _STORED}


def _unchanged(pending: Pending) -> Document:
    """Outboxes only grow at the end, and only a relay takes entries out: as many entries as were read, with the
    same last one, means that they are the same ones."""
    last = len(pending.entries) - 1
    return {
        "_id": pending.document,
        "outbox": {"$size": last + 1},
        f"outbox.{last}.id": _last_id(pending.entries),
    }


def _last_id(entries: Sequence[Entry]) -> str:
    return str(entries[-1]["id"])


class DatabaseLease:
    """Who relays, by the database's own clock. The owner is host and port: restarted, it takes its own back."""

    def __init__(self, database: Database, port: int, seconds: float = LEASE_SECONDS) -> None:
        self._leases = database.collection("leases")
        self._owner, self._length = f"{socket.gethostname()}:{port}", timedelta(seconds=seconds)
        self.contended = False

    async def acquire(self) -> bool:
        free = {"$or": [{"owner": self._owner}, {"$expr": {"$lt": ["$expires", "$$NOW"]}}]}
        mine = {
            "owner": self._owner,
            "expires": {"$add": ["$$NOW", self._length // timedelta(milliseconds=1)]},
        }
        with deadline(LOOKUP_SECONDS):
            try:
                lease = await self._leases.find_one_and_update(
                    {"_id": "relay"} | free, [{"$set": mine}], upsert=True, return_document=True
                )
            except DuplicateKeyError:  # it is there and neither free nor ours: tell its owner that we wait
                await self._leases.update_one({"_id": "relay"}, [{"$set": {"rival_seen": "$$NOW"}}])
                return False
        rival, renewed = lease.get("rival_seen"), lease["expires"] - self._length
        self.contended = rival is not None and renewed - rival < 3 * self._length
        return True

    async def release(self) -> None:
        with deadline(LOOKUP_SECONDS):
            await self._leases.update_one(
                {"_id": "relay", "owner": self._owner}, [{"$set": {"expires": "$$NOW"}}]
            )


class KeyTable:
    """The published keys as they were last seen."""

    def __init__(self, database: Database) -> None:
        self._keys = database.collection("published_keys")

    async def load(self) -> dict[str, Document]:
        with deadline(LOOKUP_SECONDS):
            return {key["_id"]: key["jwk"] for key in await self._keys.find({}).to_list(None)}

    async def save(self, kid: str, jwk: Mapping[str, str] | None) -> None:
        with deadline(WRITE_SECONDS):
            if jwk is None:
                await self._keys.delete_one({"_id": kid})
            else:
                await self._keys.replace_one({"_id": kid}, {"jwk": dict(jwk)}, upsert=True)
