"""Who caused whom: the records of one story, put in order. Records in, nodes out; no await, no terminal.

It goes by the headers alone, so that a record which no service could read has its place in the story too.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from dev.dlq.address import Address
from dev.dlq.letters import Letter, Resolution, address_of, letter_of
from event_bus import Record

EPOCH = datetime.fromtimestamp(0, UTC)  # of a record that claims a time which no calendar has


@dataclass(frozen=True, slots=True)
class Step:
    """One record of a story: an event, or an event that could not be handled."""

    address: Address
    at: datetime  # when it happened; of a letter, when it was buried
    id: str
    type: str
    service: str  # that published it, or could not handle it
    user: str | None
    correlation_id: str
    causation_id: str
    traceparent: str | None
    letter: Letter | None = None


@dataclass(slots=True, eq=False)
class Node:
    step: Step
    cause: "Node | None" = None
    again: bool = False  # the same event as its cause: it was redriven, or published twice
    resolution: Resolution | None = None  # what became of a letter

    @property
    def after_ms(self) -> float | None:
        """Since its cause, by the clocks of the two who wrote them; a second copy tells the time of the first."""
        if self.cause is None or self.again:
            return None
        return (self.step.at - self.cause.step.at).total_seconds() * 1000


def step_of(record: Record) -> Step:
    """Never raises: anybody may have written the record."""
    said = {name: (part or b"").decode(errors="replace") for name, part in record.headers}
    letter = letter_of(record)
    written = _written(record)
    return Step(
        address=address_of(record),
        at=written if letter else _moment(said.get("ce_time", "")) or written,
        id=said.get("ce_id", ""),
        type=said.get("ce_type", ""),
        service=letter.service if letter else said.get("ce_source", "").removeprefix("/"),
        user=_user(record.value),
        correlation_id=said.get("ce_correlationid") or said.get("ce_id", ""),
        causation_id=said.get("ce_causationid", ""),
        traceparent=said.get("traceparent"),
        letter=letter,
    )


def ordered(steps: Iterable[Step]) -> list[Node]:
    """A node for each, in the order of time; the causes that are among them are named."""
    nodes = [Node(step) for step in sorted(steps, key=lambda step: (step.at, step.address))]
    for node, cause in _causes(nodes):
        if not _stems_from(cause, node):  # events of a stranger may claim to have caused each other
            node.cause = cause
            node.again = node.step.letter is None and node.step.id == cause.step.id
    return nodes


def _causes(nodes: list[Node]) -> Iterator[tuple[Node, Node]]:
    """A letter's is the record that it was. Of an event with several copies, the last one is it that was handled."""
    events = [node for node in nodes if node.step.letter is None]
    places = {node.step.address: node for node in events}
    copies: dict[str, list[Node]] = {}
    for node in events:
        copies.setdefault(node.step.id, []).append(node)
    for node in nodes:
        step = node.step
        if step.letter is not None:
            if step.letter.source in places:
                yield node, places[step.letter.source]
        elif step.id and (earlier := copies[step.id].index(node)) > 0:
            yield node, copies[step.id][earlier - 1]
        elif step.causation_id and step.causation_id in copies:
            yield node, copies[step.causation_id][-1]


def _stems_from(node: Node | None, other: Node) -> bool:
    while node is not None and node is not other:
        node = node.cause
    return node is other


def _written(record: Record) -> datetime:
    try:
        return datetime.fromtimestamp(record.timestamp / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return EPOCH


def _moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _user(value: bytes | None) -> str | None:
    try:
        said = json.loads(value or b"")
    except (ValueError, RecursionError):
        return None
    user = said.get("user") if isinstance(said, dict) else None
    return user if isinstance(user, str) else None
