"""A small document store in memory, which understands of MongoDB's language what the shop says in it.

Documents are never changed in place: an update puts a new one where the old one was, so what was read stays as it was
read. Every method is one step of the server.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo.errors import DuplicateKeyError

from proofs.model.loop import Clock

Document = dict[str, Any]
_ABSENT: Any = object()


class Collection:
    """Documents by their _id. `journaled`: whether a write that was answered survives the server's death."""

    def __init__(self, clock: Clock, journaled: bool) -> None:
        self.documents: dict[Any, Document] = {}
        self.unique: set[str] = set()
        self._clock, self._journaled = clock, journaled
        self._last_write: tuple[Any, Document | None] | None = None

    def find(self, where: Mapping[str, Any]) -> list[Document]:
        key = where.get("_id")
        if isinstance(key, str):
            there = self.documents.get(key)
            return [there] if there is not None and matches(there, where) else []
        return [document for document in self.documents.values() if matches(document, where)]

    def insert(self, document: Document) -> None:
        if document["_id"] in self.documents:
            raise DuplicateKeyError("taken", details={"keyPattern": {"_id": 1}})
        for field in self.unique & document.keys():
            if any(other.get(field) == document[field] for other in self.documents.values()):
                raise DuplicateKeyError("taken", details={"keyPattern": {field: 1}})
        self._put(document["_id"], dict(document))

    def update(self, where: Mapping[str, Any], change: Any, *, most: int | None = None) -> int:
        """How many were found; at most so many."""
        found = self.find(where)[:most]
        for document in found:
            self._put(document["_id"], self._changed(document, change))
        return len(found)

    def upsert(self, where: Mapping[str, Any], change: Any) -> Document:
        if not self.find(where):
            self._put(where["_id"], dict(where))
        self.update(where, change)
        return self.documents[where["_id"]]

    def after(self, where: Mapping[str, Any], field: str, last: tuple[Any, Any] | None) -> Document | None:
        """The next document of a scan by an index, as it is now."""
        found = [(document[field], document["_id"], document) for document in self.find(where)]
        later = [one for one in found if last is None or one[:2] > last]
        return min(later, key=lambda one: one[:2])[2] if later else None

    def die(self) -> None:
        """The server is killed, and started again."""
        if not self._journaled and self._last_write:
            key, before = self._last_write
            if before is None:
                self.documents.pop(key, None)
            else:
                self.documents[key] = before
            self._last_write = None

    def _put(self, key: Any, document: Document) -> None:
        if not self._journaled:
            self._last_write = key, self.documents.get(key)
        self.documents[key] = document

    def _changed(self, document: Document, change: Any) -> Document:
        if isinstance(change, Mapping):
            after = dict(document)
            for operator, fields in change.items():
                for field, argument in fields.items():
                    _OPERATORS[operator](after, field, argument)
            return after
        (stage,) = change
        return document | {
            field: _value(expression, document, self._now()) for field, expression in stage["$set"].items()
        }

    def _now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self._clock.now)


def matches(document: Document, where: Mapping[str, Any]) -> bool:
    return all(_meets(_at(document, path), wanted) for path, wanted in where.items())


def _at(document: Document, path: str) -> Any:
    value: Any = document
    for name in path.split("."):
        if isinstance(value, list):
            value = value[int(name)] if int(name) < len(value) else _ABSENT
        else:
            value = value.get(name, _ABSENT) if isinstance(value, Mapping) else _ABSENT
    return value


def _meets(value: Any, wanted: Any) -> bool:
    if not (isinstance(wanted, Mapping) and wanted and next(iter(wanted)).startswith("$")):
        return bool(value is not _ABSENT and value == wanted)
    return all(_CONDITIONS[name](value, argument) for name, argument in wanted.items())


_CONDITIONS: dict[str, Callable[[Any, Any], bool]] = {
    "$in": lambda value, some: value in some,
    "$gt": lambda value, bound: value is not _ABSENT and value > bound,
    "$exists": lambda value, there: (value is not _ABSENT) is there,
    "$size": lambda value, size: isinstance(value, list) and len(value) == size,
}


def _increase(document: Document, field: str, by: int) -> None:
    document[field] = document.get(field, 0) + by


def _lower(document: Document, field: str, bound: Any) -> None:
    document[field] = min(document.get(field, bound), bound)


def _push(document: Document, field: str, each: Mapping[str, Sequence[Any]]) -> None:
    document[field] = [*document.get(field, ()), *each["$each"]]


def _pull(document: Document, field: str, where: Mapping[str, Any]) -> None:
    if field in document:
        document[field] = [one for one in document[field] if not matches(one, where)]


_OPERATORS: dict[str, Callable[[Document, str, Any], object]] = {
    "$set": Document.__setitem__,
    "$unset": lambda document, field, _: document.pop(field, None),
    "$inc": _increase,
    "$min": _lower,
    "$push": _push,
    "$pull": _pull,
}


def _value(expression: Any, document: Document, now: datetime) -> Any:
    """Of an expression in a pipeline."""
    if expression == "$$NOW":
        return now
    if isinstance(expression, str) and expression.startswith("$"):
        return document.get(expression[1:])
    if not isinstance(expression, Mapping):
        return expression
    ((function, argument),) = expression.items()
    if function == "$size":
        return len(_value(argument, document, now))
    if function == "$toLong":
        moment = _value(argument, document, now)
        return moment.timestamp() * 1000 if isinstance(moment, datetime) else moment
    return _FUNCTIONS[function](_values(argument, document, now))


def _values(arguments: Sequence[Any], document: Document, now: datetime) -> Iterator[Any]:
    return (_value(argument, document, now) for argument in arguments)


def _if_null(values: Iterator[Any]) -> Any:
    first, other = values
    return other if first is None else first


def _cond(values: Iterator[Any]) -> Any:
    condition, then, otherwise = values
    return then if condition else otherwise


def _equal(values: Iterator[Any]) -> bool:
    one, other = values
    return bool(one == other)


def _less(values: Iterator[Any]) -> bool:
    one, other = values
    return bool(one < other)


def _later(values: Iterator[Any]) -> datetime:
    moment, milliseconds = values
    return moment + timedelta(milliseconds=milliseconds)  # type: ignore[no-any-return]


def _slice(values: Iterator[Any]) -> Any:
    whole, start, number = values
    return whole[start : start + number]


_FUNCTIONS: dict[str, Callable[[Iterator[Any]], Any]] = {
    "$or": any,
    "$eq": _equal,
    "$lt": _less,
    "$ifNull": _if_null,
    "$cond": _cond,
    "$add": _later,
    "$slice": _slice,
}
