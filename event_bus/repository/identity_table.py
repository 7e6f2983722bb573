"""Keys and revocations as they were last seen, so that a service that checks tokens starts without Kafka."""

import contextlib
import time
from collections.abc import Mapping

from event_bus.errors import Duplicate
from event_bus.repository.database import LOOKUP_SECONDS, WRITE_SECONDS, Database, Document, deadline

SWEEP_SECONDS = 60.0  # at most that often, what refuses no token any more is deleted


class IdentityTable:
    """In a service's own database, shared by its replicas: each may keep the same at the same moment."""

    def __init__(self, database: Database) -> None:
        self._keys = database.collection("published_keys")
        self._revocations = database.collection("revocations")
        self._swept = 0.0

    async def keys(self) -> dict[str, Document]:
        with deadline(LOOKUP_SECONDS):
            return {key["_id"]: key["jwk"] for key in await self._keys.find({}).to_list(None)}

    async def save_key(self, kid: str, jwk: Mapping[str, str] | None) -> None:
        with contextlib.suppress(Duplicate), deadline(WRITE_SECONDS):
            if jwk is None:
                await self._keys.delete_one({"_id": kid})
            else:
                await self._keys.replace_one({"_id": kid}, {"jwk": dict(jwk)}, upsert=True)

    async def revocations(self) -> dict[str, tuple[int, int]]:
        """By user: the first generation of tokens that counts, and until when that has to be known."""
        with deadline(LOOKUP_SECONDS):
            found = await self._revocations.find({"until": {"$gte": int(time.time())}}).to_list(None)
        return {revoked["_id"]: (revoked["generation"], revoked["until"]) for revoked in found}

    async def save_revocation(self, user: str, generation: int, until: int) -> None:
        """A replica that is behind takes nothing back."""
        change = {"$max": {"generation": generation, "until": until}}
        try:
            with deadline(WRITE_SECONDS):
                await self._revocations.update_one({"_id": user}, change, upsert=True)
        except Duplicate:  # another replica made the document at the same moment
            return await self.save_revocation(user, generation, until)
        await self._sweep(time.time())

    async def _sweep(self, now: float) -> None:
        if now - self._swept > SWEEP_SECONDS:
            self._swept = now
            with deadline(WRITE_SECONDS):
                await self._revocations.create_index("until")
                await self._revocations.delete_many({"until": {"$lt": int(now)}})
