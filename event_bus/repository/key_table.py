"""The published keys as they were last seen, so that a service that checks tokens starts without Kafka."""

import contextlib
from collections.abc import Mapping

from pymongo.errors import DuplicateKeyError

from event_bus.repository.database import LOOKUP_SECONDS, WRITE_SECONDS, Database, Document, deadline


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
                with contextlib.suppress(
                    DuplicateKeyError
                ):  # another replica kept the same at the same moment
                    await self._keys.replace_one({"_id": kid}, {"jwk": dict(jwk)}, upsert=True)
