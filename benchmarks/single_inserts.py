"""The floor: how many documents like a payment the database takes, one at a time, each journaled."""

import json
import time
from datetime import UTC, datetime
from uuid import uuid4

from event_bus import Database
from event_bus.repository import deadline


async def insert_rate(uri: str, seconds: float) -> float:
    """Inserts a second, awaited one by one, into a collection with the same indexes."""
    async with Database(uri, "benchmark") as database:
        payments = database.collection("payments")
        await payments.create_index("pending_since", sparse=True)
        await payments.create_index("binding", unique=True, sparse=True)
        end, done = time.perf_counter() + seconds, 0
        while time.perf_counter() < end:
            with deadline(3.5):
                await payments.insert_one(_document())
            done += 1
    return done / seconds


def _document() -> dict[str, object]:
    headers = json.dumps({f"ce_{n}": "x" * 30 for n in range(9)})
    entry = {"topic": "notifications", "key": uuid4().hex, "headers": headers}
    return {
        "_id": str(uuid4()),
        "states": ["accepted"],
        "payer": "guest",
        "amount": "25.00",
        "currency": "EUR",
        "quantity": "1",
        "method": "card",
        "event_ids": [str(uuid4()), str(uuid4())],
        "created_at": datetime.now(UTC).isoformat(),
        "outbox": [{"id": str(uuid4()), "value": "x" * 250, **entry} for _ in range(2)],
        "pending_since": time.time_ns(),
    }
