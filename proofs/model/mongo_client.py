"""Plays the database driver on the model's store: what the repositories call of it, and nothing else.

The repositories are the real ones. A write of many documents is a question for each of them: others see them come
one by one, as on a real server.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any, Self

import bson
from bson.raw_bson import RawBSONDocument
from pymongo import InsertOne, UpdateMany, UpdateOne
from pymongo.errors import AutoReconnect, BulkWriteError, DuplicateKeyError

from event_bus.repository.outbox import DUPLICATE_KEY
from proofs.model.process import Process
from proofs.model.store import Collection, Document

Store = dict[str, Collection]


def _lost() -> Exception:
    return AutoReconnect("connection closed")


class PlayedDatabase:
    """`event_bus.Database` as one process sees it. `make`: a collection that is asked for the first time."""

    def __init__(self, process: Process, store: Store, make: Callable[[], Collection]) -> None:
        self._process, self._store, self._make = process, store, make

    def collection(self, name: str) -> "PlayedCollection":
        if name not in self._store:
            self._store[name] = self._make()
        return PlayedCollection(self._process, name, self._store[name])


class PlayedCollection:
    """AsyncIOMotorCollection."""

    def __init__(self, process: Process, name: str, documents: Collection) -> None:
        self._process, self.name, self._documents = process, name, documents

    async def create_index(self, field: str, *, unique: bool = False, sparse: bool = False) -> None:
        if unique:
            self._documents.unique.add(field)

    def find(self, where: Mapping[str, Any], fields: object = None, *, batch_size: int = 0) -> "PlayedCursor":
        return PlayedCursor(self._process, f"looks into {self.name}", self._documents, where)

    async def find_one(self, where: Mapping[str, Any], fields: object = None) -> Document | None:
        found = await self.find(where).to_list(1)
        return found[0] if found else None

    async def count_documents(self, where: Mapping[str, Any], limit: int) -> int:
        return len(await self.find(where).to_list(limit))

    async def find_one_and_update(
        self, where: Mapping[str, Any], change: Any, *, upsert: bool, return_document: bool
    ) -> Document:
        what = "asks for the lease"
        return await self._process.ask(what, partial(self._documents.upsert, where, change), _lost)

    async def insert_one(self, document: Document) -> None:
        await self._process.ask(self._writes(document["_id"]), partial(self._insert, document), _lost)

    async def insert_many(self, documents: Sequence[Mapping[str, Any]], *, ordered: bool) -> None:
        await self._each(
            [(self._writes(document["_id"]), partial(self._insert, document)) for document in documents]
        )

    async def update_one(self, where: Mapping[str, Any], change: Any) -> Any:
        found = await self._process.ask(
            self._writes(where["_id"]), partial(self._documents.update, where, change, most=1), _lost
        )
        return SimpleNamespace(matched_count=found)

    async def bulk_write(self, operations: Sequence[Any], *, ordered: bool = True) -> Any:
        steps = [self._step(operation) for operation in operations]
        counts = await (self._in_turn(steps) if ordered else self._each(steps))
        inserted = sum(isinstance(operation, InsertOne) for operation in operations)
        return SimpleNamespace(matched_count=sum(counts) - inserted, inserted_count=inserted)

    def _step(self, operation: Any) -> tuple[str, Callable[[], int]]:
        if isinstance(operation, InsertOne):
            return self._writes(operation._doc["_id"]), partial(self._insert, operation._doc)
        assert isinstance(operation, (UpdateOne, UpdateMany))
        most = 1 if isinstance(operation, UpdateOne) else None
        change = partial(self._documents.update, operation._filter, operation._doc, most=most)
        return self._writes(operation._filter["_id"]), change

    def _insert(self, document: Mapping[str, Any]) -> int:
        raw = document.raw if isinstance(document, RawBSONDocument) else None
        self._documents.insert(dict(document) if raw is None else bson.decode(raw))
        return 1

    async def _each(self, steps: Sequence[tuple[str, Callable[[], int]]]) -> list[int]:
        """All are on their way at once. Raises what the driver makes of their errors."""
        answers = [self._process.post(what, do, _lost) for what, do in steps]
        await asyncio.wait(answers)
        errors = {place: error for place, answer in enumerate(answers) if (error := answer.exception())}
        if all(isinstance(error, DuplicateKeyError) for error in errors.values()) and errors:
            raise BulkWriteError({"writeErrors": [_told(*error) for error in errors.items()]})
        if errors:
            raise next(iter(errors.values()))
        return [answer.result() for answer in answers]

    async def _in_turn(self, steps: Sequence[tuple[str, Callable[[], int]]]) -> list[int]:
        return [await self._process.ask(what, do, _lost) for what, do in steps]

    def _writes(self, key: object) -> str:
        names = ", ".join(map(str, key["$in"])) if isinstance(key, Mapping) else str(key)
        return f"writes {names} of {self.name}"


def _told(place: int, error: BaseException) -> Document:
    assert isinstance(error, DuplicateKeyError)
    return {"index": place, "code": DUPLICATE_KEY} | dict(error.details or {})


class PlayedCursor:
    """AsyncIOMotorCursor. A scan in the order of a field meets each document as it is when its turn comes."""

    def __init__(self, process: Process, what: str, documents: Collection, where: Mapping[str, Any]) -> None:
        self._process, self._what, self._documents, self._where = process, what, documents, where
        self._field: str | None = None
        self._last: tuple[Any, Any] | None = None
        self._most: int | None = None
        self.alive = True

    @property
    def delegate(self) -> Self:
        """The driver's own cursor, as far as it is asked."""
        return self

    def sort(self, field: str, direction: int) -> Self:
        self._field = field if field != "_id" else None
        return self

    def limit(self, most: int) -> Self:
        self._most = most
        return self

    async def to_list(self, most: int | None) -> list[Document]:
        if self._field:
            return await self._scan(self._field, most or 0)
        found = await self._process.ask(self._what, partial(self._documents.find, self._where), _lost)
        return found[: most or self._most]

    async def _scan(self, field: str, most: int) -> list[Document]:
        found: list[Document] = []
        while len(found) < most and self.alive:
            if document := await self._next(field):
                self._last = document[field], document["_id"]
                found.append(document)
            else:
                self.alive = False
        return found

    async def _next(self, field: str) -> Document | None:
        step = partial(self._documents.after, self._where, field, self._last)
        return await self._process.ask(self._what, step, _lost)

    async def close(self) -> None:
        pass
