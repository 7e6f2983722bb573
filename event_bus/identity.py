"""Follows the public keys that count (`identity_keys`), and whose tokens were revoked (`identities`).

A service that checks tokens keeps both in its own database as well, so that it starts without Kafka. What a token
looks like is not known here.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, Self

import structlog

from contracts import IDENTITIES, IDENTITY_KEYS, Event, KeyPublished, KeyRetired, TokensRevoked
from event_bus.background import Stop, run_in_background
from event_bus.backoff import Backoff
from event_bus.errors import DatabaseUnavailable, Undecodable
from event_bus.reader import Reader
from event_bus.records import Record
from event_bus.repository import IdentityTable
from event_bus.settings import Broker
from event_bus.wire import decode

CATCH_UP_SECONDS = 1.0

Jwk = Mapping[str, str]
ApplyKey = Callable[[str, Jwk | None], None]  # key id, and the public key or None when it counts no more
log = structlog.get_logger()


class Revocations(Protocol):
    """Whose tokens are refused, in memory."""

    def apply(self, user: str, generation: int, until: int) -> bool:
        """False if it says nothing new."""
        ...

    def complete(self) -> None:
        """All that was known before is applied."""
        ...


class IdentityFollower:
    """Calls `apply_key` for each key that is published, retired or withdrawn, oldest first.

    `revocations`: those are followed too. `table`: where to keep all of it.
    """

    follows = (KeyPublished, KeyRetired, TokensRevoked)

    def __init__(
        self,
        broker: Broker,
        apply_key: ApplyKey,
        stop: Stop,
        *,
        revocations: Revocations | None = None,
        table: IdentityTable | None = None,
    ) -> None:
        topics = [IDENTITY_KEYS] if revocations is None else [IDENTITY_KEYS, IDENTITIES]
        self._reader = Reader(broker, [topic.name for topic in topics], "beginning")
        self._keys_topic = broker.named(IDENTITY_KEYS.name)
        self._apply_key, self._revocations, self._table = apply_key, revocations, table
        self._stop = stop
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Starts to read the topics, behind what was kept, if the database answers."""
        self._task = run_in_background(self._follow(), "identity", self._stop)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait([self._task], timeout=5.0)

    async def caught_up(self) -> bool:
        """Reads the topics to their ends, in a second at most; False if Kafka is away."""
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
        for kid, jwk in (await self._table.keys()).items():
            self._apply_key(kid, jwk)
        if self._revocations is not None:
            for user, (generation, until) in (await self._table.revocations()).items():
                self._revocations.apply(user, generation, until)
            self._revocations.complete()

    async def _take(self, record: Record) -> None:
        if record.key is not None and record.value is None:
            if record.topic == self._keys_topic:  # whoever withdraws a key by hand writes a null record
                await self._take_key(record.key.decode(errors="replace"), None)
            return
        match _event(record):
            case KeyPublished() as key:
                await self._take_key(key.kid, key.model_dump())
            case KeyRetired(kid=kid):
                await self._take_key(kid, None)
            case TokensRevoked() as revoked:
                await self._take_revocation(revoked)

    async def _take_key(self, kid: str, jwk: Jwk | None) -> None:
        self._apply_key(kid, jwk)
        if (table := self._table) is not None:
            await _insist(lambda: table.save_key(kid, jwk))

    async def _take_revocation(self, revoked: TokensRevoked) -> None:
        told = revoked.user, revoked.generation, revoked.until
        if self._revocations is not None and self._revocations.apply(*told) and self._table is not None:
            table = self._table
            await _insist(lambda: table.save_revocation(*told))


def _event(record: Record) -> Event | None:
    try:
        return decode(record).data
    except Undecodable as error:
        log.error("not about identity", topic=record.topic, offset=record.offset, reason=str(error))
        return None


async def _insist(call: Callable[[], Awaitable[None]]) -> None:
    backoff = Backoff()
    while True:
        with contextlib.suppress(DatabaseUnavailable):
            return await call()
        await backoff.wait()
