"""Records as the rest of the code sees them, whatever client library reads or writes them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

INPUT_LIMIT = 1_000_000  # bytes of a record of ours; dead letters carry an input and its headers: twice that


class Partition(NamedTuple):
    """A partition of a topic, by its full name (with the prefix)."""

    topic: str
    partition: int


class Record(Protocol):
    """A record that was read. The client library's own object fits, so that nothing is copied."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...  # milliseconds
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


class Member(NamedTuple):
    """Who is in a consumer group, and what it reads."""

    client: str
    host: str
    partitions: frozenset[Partition]


class Group(NamedTuple):
    """A consumer group. One that only commits (a worker alone, the ledger of a relay) has no members."""

    state: str
    members: Sequence[Member]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to be written. `topic` is the name in the language, without the prefix."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()

    def size(self) -> int:
        """Upper bound in bytes of this record in a batch: its parts, and the lengths before each of them."""
        size = 90 + len(self.key or b"") + len(self.value or b"")
        for name, part in self.headers:
            size += 20 + len(name.encode()) + len(part or b"")
        return size


@dataclass(frozen=True, slots=True)
class Committed:
    """What a group has committed for a partition. `offset` is the next one to read."""

    offset: int
    metadata: str = ""


def places_behind(batch: Iterable[Record]) -> dict[Partition, int]:
    """The next offset of each partition, when all of these are done; they come in the order of offsets."""
    return {Partition(record.topic, record.partition): record.offset + 1 for record in batch}
