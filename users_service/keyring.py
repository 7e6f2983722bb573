"""The key that signs tokens: made once, published before it is used, published again if the topic has lost it.

The private half stays in this service's own database. A key that was withdrawn on the topic never signs again.
"""

import asyncio
from collections.abc import Mapping
from typing import Self
from uuid import uuid4

import structlog

from contracts import Envelope, KeyPublished
from event_bus import Broker, DatabaseUnavailable, OutboxFull, PublishedKeys, run_in_background
from http_edge import KeyPair, KeyRing, Stop, generate_key_pair
from users_service.repository import SigningKey, SigningKeys

SERVICE = "users_service"
LOOK_SECONDS = 0.2  # between looks at what is not there yet, at the start only

log = structlog.get_logger()


class SigningKeyring:
    """Has the newest committed key in `signer_key`, and all public halves in `public`."""

    def __init__(self, keys: SigningKeys, broker: Broker, stop: Stop) -> None:
        self._keys, self._stop = keys, stop
        self._on_topic: dict[str, bool] = {}  # key id: there, or withdrawn
        self._published = PublishedKeys(broker, self._seen, stop)
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.signer_key: KeyPair | None = None
        self.public = KeyRing()

    async def __aenter__(self) -> Self:
        await self._published.__aenter__()
        self._task = run_in_background(self._run(), "signing keys", self._stop)
        return self

    async def __aexit__(self, *exception: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait([self._task], timeout=5.0)
        await self._published.__aexit__(*exception)

    def not_ready(self) -> str | None:
        return None if self.signer_key else "no signing key is published yet"

    def _seen(self, kid: str, jwk: Mapping[str, str] | None) -> None:
        self._on_topic[kid] = jwk is not None
        self._news.set()

    async def _run(self) -> None:
        looked = False
        while True:
            try:
                self._news.clear()
                await self._choose()
                if not looked and await self._published.caught_up():
                    await self._repair()
                    looked = True
                elif self.signer_key and looked:
                    await self._news.wait()
            except (DatabaseUnavailable, OutboxFull) as error:
                log.warning("the signing keys wait", reason=str(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def _choose(self) -> None:
        """Of the keys that count, the newest one that everybody can know."""
        keys = await self._keys.all()
        for key in keys:
            if self._on_topic.get(key["kid"]) is False and not key.get("withdrawn"):
                await self._keys.withdraw(key["_id"])
                key["withdrawn"] = True
            self.public.apply(key["kid"], None if key.get("withdrawn") else key["public"])
        counting = [key for key in keys if not key.get("withdrawn")]
        if not counting:
            return await self._make(number=len(keys) + 1)
        committed = {key["_id"] for key in await self._keys.committed()}
        known = [key for key in counting if key["_id"] in committed or self._on_topic.get(key["kid"])]
        self.signer_key = KeyPair.from_pem(known[-1]["pem"]) if known else None

    async def _make(self, number: int) -> None:
        self.signer_key = None
        pair = generate_key_pair()
        key = {"_id": number, "kid": pair.kid, "pem": pair.pem(), "public": pair.public_jwk()}
        await self._keys.add(key, _publication(key))

    async def _repair(self) -> None:
        """The topic was read to its end: what it lacks is published again."""
        for key in await self._keys.committed():
            if key["kid"] not in self._on_topic and not key.get("withdrawn"):
                await self._keys.publish_again(key["_id"], _publication(key))


def _publication(key: SigningKey) -> Envelope[KeyPublished]:
    return Envelope.born(KeyPublished(**key["public"]), SERVICE, correlation_id=str(uuid4()))
