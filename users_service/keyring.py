"""The keys that sign tokens: published before they are used, published again if the topic has lost them, retired when
nothing that they signed counts any more. `rotation` says when.

The private halves stay in this service's own database. A key that was withdrawn on the topic never signs again.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from typing import Self
from uuid import uuid4

import structlog

from contracts import Envelope, Event, KeyPublished, KeyRetired
from event_bus import Broker, DatabaseUnavailable, IdentityFollower, OutboxFull, run_in_background
from http_edge import KeyPair, KeyRing, Stop, generate_key_pair
from users_service.repository import SigningKey, SigningKeys
from users_service.rotation import STALE_SECONDS, Key, Rotation

SERVICE = "users_service"
LOOK_SECONDS = 0.2  # between looks at what is not there yet
LOOK_AGAIN_SECONDS = 5.0  # between looks at what is as it should be; the topic tells of a new key at once

log = structlog.get_logger()


class SigningKeyring:
    """The key that signs now in `signer_key`, and all public halves that count in `public`.

    `wait`: seconds for which a new key is readable before it signs. `lifetime`: of a token, in seconds.
    """

    publishes = follows = (KeyPublished, KeyRetired)

    def __init__(self, keys: SigningKeys, broker: Broker, stop: Stop, *, wait: float, lifetime: int) -> None:
        self._keys, self._stop, self._wait, self._lifetime = keys, stop, wait, lifetime
        self._on_topic: dict[str, bool] = {}  # key id: there, or no more
        self._published = IdentityFollower(broker, self._seen, stop)
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._signer: KeyPair | None = None
        self._looked, self._next_change = -STALE_SECONDS, 0.0
        self.public = KeyRing()
        self.longest_lifetime = lifetime  # of a token that may count still: the setting may have been longer

    async def __aenter__(self) -> Self:
        await self._published.__aenter__()
        self._task = run_in_background(self._run(), "signing keys", self._stop)
        return self

    async def __aexit__(self, *exception: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait([self._task], timeout=5.0)
        await self._published.__aexit__(*exception)

    @property
    def signer_key(self) -> KeyPair | None:
        """None also for a replica that slept, or lost its database: others may use a new key by now."""
        return self._signer if time.monotonic() - self._looked < STALE_SECONDS else None

    def not_ready(self) -> str | None:
        return None if self.signer_key else "no signing key is published yet"

    async def look(self) -> bool:
        """At the keys in the database, which knows all of them; False if it does not answer."""
        try:
            await self._look()
        except (DatabaseUnavailable, OutboxFull) as error:
            log.warning("the signing keys wait", reason=str(error))
            return False
        return True

    def _seen(self, kid: str, jwk: Mapping[str, str] | None) -> None:
        self._on_topic[kid] = jwk is not None
        self._news.set()

    async def _run(self) -> None:
        """A topic that has lost keys gets them again, once it was read to its end."""
        repaired = False
        while True:
            self._news.clear()
            looked = await self.look()
            if looked and not repaired and await self._published.caught_up():
                repaired = await self._repair()
            await self._pause(looked and repaired and self._signer is not None)

    async def _pause(self, all_is_there: bool) -> None:
        if not all_is_there:
            return await asyncio.sleep(LOOK_SECONDS)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(LOOK_AGAIN_SECONDS, self._next_change)):
                await self._news.wait()

    async def _look(self) -> None:
        began, keys = time.monotonic(), await self._up_to_date()
        for key in keys:
            self.public.apply(key["kid"], key["public"] if Key.of(key).counts else None)
        rotation = Rotation([Key.of(key) for key in keys], self._wait, time.time())
        by_number = {key["_id"]: key for key in keys}
        if not any(key.counts for key in rotation.keys):
            await add_key(self._keys, keys)
        if (signing := rotation.signing) is None:
            self._signer = None
        else:
            await self._sign_with(by_number[signing.number])
        self.longest_lifetime = max([self._lifetime, *(key.lifetime for key in rotation.keys if key.counts)])
        for due in rotation.due():
            await self._retire(by_number[due.number])
        self._looked, self._next_change = began, rotation.next_change()

    async def _up_to_date(self) -> list[SigningKey]:
        """All keys, after what the topic says of them was noted in the database."""
        committed = {key["_id"] for key in await self._keys.committed()}
        keys = await self._keys.all()
        for key in keys:
            on_topic = self._on_topic.get(key["kid"])
            if on_topic is False and not key.get("retired") and not key.get("withdrawn"):
                key["withdrawn"] = True
                await self._keys.withdraw(key["_id"])
            elif (on_topic or key["_id"] in committed) and "readable_at" not in key:
                key["readable_at"] = time.time()
                await self._keys.note_readable(key["_id"], key["readable_at"])
        return keys

    async def _sign_with(self, key: SigningKey) -> None:
        if self._signer is None or self._signer.kid != key["kid"]:
            await self._keys.note_lifetime(key["_id"], self._lifetime)
            self._signer = KeyPair.from_pem(key["pem"])
            log.info("this key signs", key=key["kid"])

    async def _retire(self, key: SigningKey) -> None:
        """It stays in the list until the next look, and checks no token any more from then on."""
        await self._keys.retire(key["_id"], retirement(key["kid"]))
        self._news.set()

    async def _repair(self) -> bool:
        """The topic was read to its end: what it lacks is published again."""
        try:
            for key in await self._keys.committed():
                if key["kid"] not in self._on_topic and Key.of(key).counts:
                    await self._keys.publish_again(key["_id"], _publication(key))
        except (DatabaseUnavailable, OutboxFull):
            return False
        return True


async def add_key(keys: SigningKeys, there: list[SigningKey]) -> SigningKey | None:
    """Makes a key pair and publishes its public half. None if somebody else was faster."""
    number, pair = max((key["_id"] for key in there), default=0) + 1, generate_key_pair()
    key = {"_id": number, "kid": pair.kid, "pem": pair.pem(), "public": pair.public_jwk()}
    return key if await keys.add(key, _publication(key)) else None


def retirement(kid: str) -> Envelope[Event]:
    return _born(KeyRetired(kid=kid))


def _publication(key: SigningKey) -> Envelope[Event]:
    return _born(KeyPublished(**key["public"]))


def _born(event: KeyPublished | KeyRetired) -> Envelope[Event]:
    return Envelope.born(event, SERVICE, correlation_id=str(uuid4()))
