"""Who relays: a lease in the service's own database."""

import socket
from datetime import timedelta

from event_bus.errors import Duplicate
from event_bus.outbox import LEASE_SECONDS
from event_bus.repository.database import LOOKUP_SECONDS, Database, deadline


class DatabaseLease:
    """Who relays, by the database's own clock. The owner is host and port: restarted, it takes its own back."""

    def __init__(self, database: Database, port: int, seconds: float = LEASE_SECONDS) -> None:
        self._leases = database.collection("leases")
        self._owner, self._length = f"{socket.gethostname()}:{port}", timedelta(seconds=seconds)
        self.contended = False

    async def acquire(self) -> bool:
        """One update, so that there is no moment in between: take it if it is free, else say that we wait."""
        # As numbers: SecantusDB does not compare a stored date with $$NOW.
        expired = {"$lt": [{"$toLong": {"$ifNull": ["$expires", 0]}}, {"$toLong": "$$NOW"}]}
        free = {"$or": [{"$eq": ["$owner", self._owner]}, expired]}
        until = {"$add": ["$$NOW", self._length // timedelta(milliseconds=1)]}
        change = {
            "owner": {"$cond": [free, self._owner, "$owner"]},
            "expires": {"$cond": [free, until, "$expires"]},
            "rival_seen": {"$cond": [free, "$rival_seen", "$$NOW"]},
        }
        try:
            with deadline(LOOKUP_SECONDS):
                lease = await self._leases.find_one_and_update(
                    {"_id": "relay"}, [{"$set": change}], upsert=True, return_document=True
                )
        except Duplicate:  # another replica made the document at the same moment
            return False
        if lease is None or lease["owner"] != self._owner:
            return False
        rival, renewed = lease.get("rival_seen"), lease["expires"] - self._length
        self.contended = rival is not None and renewed - rival < 3 * self._length
        return True

    async def release(self) -> None:
        with deadline(LOOKUP_SECONDS):
            await self._leases.update_one(
                {"_id": "relay", "owner": self._owner}, [{"$set": {"expires": "$$NOW"}}]
            )
