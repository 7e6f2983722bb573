"""Payments in the database: one document each, with its events and what was applied to it."""

from typing import Any

from contracts import Envelope, Event
from event_bus import Database, Duplicate, StateCollection

Payment = dict[str, Any]


class KeyReused(Exception):
    """The idempotency key belongs to another request of this payer."""


class Payments:
    """`binding` is unique where it is there: payer and idempotency key of an accepted payment."""

    def __init__(self, database: Database, max_pending: int) -> None:
        self.states = StateCollection(database, "payments", unique=["binding"], max_pending=max_pending)

    async def add(self, payment: Payment, events: list[Envelope[Event]]) -> Payment:
        """The payment as it is stored: this one, or the one that the same request made before."""
        try:
            await self.states.insert(payment, events)
        except Duplicate:
            return await self._earlier(payment)
        return payment

    async def _earlier(self, payment: Payment) -> Payment:
        """The id comes from payer, key and body: with the same id it is the same request."""
        earlier = await self.states.get(payment["_id"])
        if earlier is None:
            raise KeyReused
        return earlier

    async def bound_to_another(self, binding: str, payment_id: str) -> bool:
        """Whether an accepted payment other than this one has the key."""
        found = await self.states.find_one({"binding": binding})
        return found is not None and found["_id"] != payment_id

    async def get(self, payment_id: str) -> Payment | None:
        return await self.states.get(payment_id)
