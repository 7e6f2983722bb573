"""What lies on a dead-letter topic: letters, and beside them what became of each. Records in, meaning out; no await.

A letter is the record as it was, with six headers behind its own that say why it is here and where it was. A
resolution has no value, the address of its letter as its key, and one header: what was done.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from dev.dlq.address import Address, NotAnAddress
from event_bus import Outgoing, Record

How = Literal["redriven", "dropped"]
ORIGIN = ("dlq_reason", "dlq_topic", "dlq_partition", "dlq_offset", "dlq_timestamp", "dlq_service")
CUT = "dlq_cut"  # stands before them where not all of the value was kept, nor the headers of the record
RESOLUTION = "dlq_resolution"


@dataclass(frozen=True, slots=True)
class Letter:
    """One record that could not be handled. Its value and headers stay on the topic."""

    address: Address
    service: str
    reason: str
    source: Address  # the record itself, when it was read
    buried: int  # milliseconds since 1970
    key: bytes | None
    size: int  # bytes of the value, as far as it was kept
    cut: bool


@dataclass(frozen=True, slots=True)
class Resolution:
    how: How
    at: int  # milliseconds since 1970


@dataclass(slots=True)
class Letters:
    """Every letter of some topics, oldest first within each, and what became of them."""

    found: dict[Address, Letter] = field(default_factory=dict)
    resolved: dict[Address, Resolution] = field(default_factory=dict)
    foreign: list[Address] = field(default_factory=list)  # what neither a service nor this command wrote

    def add(self, record: Record) -> None:
        if resolution := resolution_of(record):
            self.resolved.setdefault(*resolution)
        elif letter := letter_of(record):
            self.found[letter.address] = letter
        else:
            self.foreign.append(address_of(record))

    def open(self) -> list[Letter]:
        return [letter for address, letter in self.found.items() if address not in self.resolved]


def address_of(record: Record) -> Address:
    return Address(record.topic, record.partition, record.offset)


def letter_of(record: Record) -> Letter | None:
    """None for a record that no service put here."""
    headers = record.headers[-len(ORIGIN) :]
    if tuple(name for name, _ in headers) != ORIGIN:
        return None
    reason, topic, partition, offset, _, service = [
        (part or b"").decode(errors="replace") for _, part in headers
    ]
    try:
        source = Address.parse(f"{topic}:{partition}:{offset}")
    except NotAnAddress:
        return None
    return Letter(
        address=address_of(record),
        service=service,
        reason=reason,
        source=source,
        buried=record.timestamp,
        key=record.key,
        size=len(record.value or b""),
        cut=[name for name, _ in record.headers[: -len(ORIGIN)]] == [CUT],
    )


def original(record: Record, prefix: str) -> Outgoing:
    """The record as it was, for the topic from which it came. `prefix` stands before the names of all topics."""
    letter = letter_of(record)
    assert letter is not None
    topic = letter.source.topic.removeprefix(prefix)
    return Outgoing(topic, record.key, record.value, record.headers[: -len(ORIGIN)])


def resolution(address: Address, how: How, prefix: str) -> Outgoing:
    topic = address.topic.removeprefix(prefix)
    return Outgoing(topic, str(address).encode(), None, [(RESOLUTION, how.encode())])


def resolution_of(record: Record) -> tuple[Address, Resolution] | None:
    """The letter of which this record says what became of it. A letter has more headers than the one."""
    how = _how(record.headers)
    if how is None or record.key is None:
        return None
    try:
        return Address.parse(record.key.decode(errors="replace")), Resolution(how, record.timestamp)
    except NotAnAddress:
        return None


def _how(headers: Sequence[tuple[str, bytes]]) -> How | None:
    said = [(part or b"").decode(errors="replace") for name, part in headers if name == RESOLUTION]
    if len(headers) != 1:
        return None
    return next((how for how in get_args(How) if [how] == said), None)
