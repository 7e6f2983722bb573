"""A service's own database: the client, its options, and a deadline on every call.

A write is acknowledged only when it is in the journal (`w=1, j=true`): without it the last 100 ms are lost when the
server is killed.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from typing import Any, Self

import pymongo
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection
from pymongo.errors import DuplicateKeyError, PyMongoError

from event_bus.errors import DatabaseUnavailable, Duplicate

WRITE_SECONDS, LOOKUP_SECONDS = 3.5, 1.5  # of one call
REQUEST_SECONDS = 5.0  # a write, its place in the queue, and the look-up when its outcome is unknown

Document = dict[str, Any]
DocumentCollection = AsyncIOMotorCollection[Document]

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

_REFUSED_CERTIFICATE = re.compile(
    r"certificate verify failed: (.+?) \(_ssl"
)  # the driver keeps no cause, only text


class Database:
    """A service's own database. Opens no connection before the first call."""

    def __init__(self, uri: str, name: str) -> None:
        self._client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(uri, **_CLIENT_OPTIONS)
        self._database = self._client[name]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._client.close()

    def collection(self, name: str) -> DocumentCollection:
        return self._database[name]

    def not_ready(self) -> str | None:
        topology = self._client.delegate.topology_description
        if topology.has_writable_server():
            return None
        errors = " ".join(str(server.error) for server in topology.server_descriptions().values())
        refused = _REFUSED_CERTIFICATE.search(errors)
        return f"its certificate is not taken: {refused[1]}" if refused else "the database does not answer"


@contextlib.contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """A bound on the calls inside, and the driver's errors as ours."""
    try:
        with pymongo.timeout(seconds):
            yield
    except DuplicateKeyError as error:
        raise Duplicate(duplicate_fields(error.details or {})) from error
    except PyMongoError as error:
        raise DatabaseUnavailable(f"the database did not do it: {type(error).__name__}") from error


@contextlib.asynccontextmanager
async def request_deadline() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(REQUEST_SECONDS):
            yield
    except TimeoutError as error:
        raise too_late() from error


def too_late() -> DatabaseUnavailable:
    return DatabaseUnavailable(f"the database did not do it within {REQUEST_SECONDS:g} s")


def duplicate_fields(details: Mapping[str, Any]) -> Collection[str]:
    return list(details.get("keyPattern") or ["_id"])
