"""What was applied to a document, kept in the document itself, so that a repetition changes nothing.

Two memories. The last offset of each source partition knows a record that is read again, however late. The ids of
the latest events know an event that was *written* again, at a new offset; how many are kept bounds how late that
may be.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID

REMEMBERED = 1_000  # ids, 16 bytes each: as many as may wait for Kafka in one document of a producer


@dataclass(slots=True)
class Inbox:
    """Read from a document, asked, added to, stored again with the state."""

    offsets: dict[str, int] = field(default_factory=dict)  # by source partition, as `inventories-3`
    ids: dict[bytes, None] = field(default_factory=dict)  # a set that keeps its order: the oldest first

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        packed: bytes = document.get("applied_ids", b"")
        ids = dict.fromkeys(packed[start : start + 16] for start in range(0, len(packed), 16))
        return cls(dict(document.get("applied", {})), ids)

    def holds(self, source: str, offset: int, event_id: UUID) -> bool:
        return offset <= self.offsets.get(source, -1) or event_id.bytes in self.ids

    def add(self, source: str, offset: int, event_id: UUID) -> None:
        self.offsets[source] = offset
        self.ids[event_id.bytes] = None

    def stored(self) -> dict[str, Any]:
        """The fields that a document keeps it in."""
        return {"applied": self.offsets, "applied_ids": b"".join(list(self.ids)[-REMEMBERED:])}
