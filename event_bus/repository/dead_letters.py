"""Dead letters of a consumer whose effects lie in a database: they leave by the outbox, and so exactly once."""

import contextlib
from collections.abc import Collection, Sequence
from uuid import UUID, uuid5

from event_bus.errors import Duplicate
from event_bus.outbox import raw_entry
from event_bus.records import Outgoing, Record
from event_bus.repository.database import Database
from event_bus.repository.outbox import OutboxCollection

_LETTERS = UUID("9a9b3f0e-0a53-4f0f-8d2a-6b8d3c1f7a10")  # the namespace of their ids


class DeadLetters:
    """A document for each, by the place of its record: written again, it is the same."""

    def __init__(self, database: Database) -> None:
        self.outbox = OutboxCollection(database, "dead_letters")

    async def add(self, record: Record, reason: str, letter: Outgoing) -> None:
        place = _place(record)
        with contextlib.suppress(Duplicate):
            await self.outbox.insert_entries(
                {"_id": place, "reason": reason}, [raw_entry(uuid5(_LETTERS, place), letter)]
            )

    async def among(self, records: Sequence[Record]) -> Collection[int]:
        places = {_place(record): number for number, record in enumerate(records)}
        found = await self.outbox.find_some({"_id": {"$in": list(places)}}, len(places), {"_id": 1})
        return {places[letter["_id"]] for letter in found}


def _place(record: Record) -> str:
    return f"{record.topic}-{record.partition}-{record.offset}"
