"""Follows `identity_keys`: the public keys that count, as the topic tells them, and as they were when last seen.

A service that checks tokens keeps them in its own database as well, so that it starts without Kafka.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Self

import structlog

from contracts import IDENTITY_KEYS, KeyPublished
from event_bus.background import Stop, run_in_background
from event_bus.backoff import Backoff
from event_bus.errors import DatabaseUnavailable, Undecodable
from event_bus.reader import Reader
from event_bus.records import Record
from event_bus.repository import KeyTable
from event_bus.settings import Broker
from event_bus.wire import decode

CATCH_UP_SECONDS = 1.0

Jwk = Mapping[str, str]
Apply = Callable[[str, Jwk | None], None]  # key id, and the public key or None when it is withdrawn
log = structlog.get_logger()


class PublishedKeys:
    """Calls `apply` for each key that is published or withdrawn, oldest first. `table`: where to keep them too."""

    def __init__(self, broker: Broker, apply: Apply, stop: Stop, table: KeyTable | None = None) -> None:
        self._reader = Reader(broker, [IDENTITY_KEYS.name], "beginning")
        self._apply, self._table = apply, table
        self._stop = stop
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Starts to read the topic, behind what was kept, if the database answers."""
        self._task = run_in_background(self._follow(), "identity_keys", self._stop)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait([self._task], timeout=5.0)

    async def caught_up(self) -> bool:
        """Reads to the topic's end, in a second at most; False if Kafka is away."""
        return await self._reader.catch_up(CATCH_UP_SECONDS)

    def not_ready(self) -> str | None:
        return self._reader.not_ready()

    async def _follow(self) -> None:
        if self._table is not None:
            await _insist(self._load)
        async with contextlib.aclosing(self._reader.batches()) as batches:
            async for batch in batches:
                for record in batch:
                    await self._take(record)

    async def _load(self) -> None:
        assert self._table is not None
        for kid, jwk in (await self._table.load()).items():
            self._apply(kid, jwk)

    async def _take(self, record: Record) -> None:
        kid, jwk = _key(record)
        if kid is None:
            return
        self._apply(kid, jwk)
        if self._table is not None:
            table = self._table
            await _insist(lambda: table.save(kid, jwk))


def _key(record: Record) -> tuple[str | None, Jwk | None]:
    if record.key is not None and record.value is None:
        return record.key.decode(errors="replace"), None
    try:
        event = decode(record).data
    except Undecodable as error:
        log.error("not a key", topic=record.topic, offset=record.offset, reason=str(error))
        return None, None
    return (event.kid, event.model_dump()) if isinstance(event, KeyPublished) else (None, None)


async def _insist(call: Callable[[], Awaitable[None]]) -> None:
    backoff = Backoff()
    while True:
        with contextlib.suppress(DatabaseUnavailable):
            return await call()
        await backoff.wait()
