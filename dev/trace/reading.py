"""The records of one story, looked for on every topic of the shop. Without a consumer group: nobody notices."""

from contextlib import aclosing
from dataclasses import dataclass, field

from contracts.topics import ALL, METRICS
from dev.dlq.address import Address
from dev.dlq.letters import CUT, Resolution, letter_of, resolution_of
from dev.replay import spans
from dev.trace.story import Node, Step, ordered, step_of
from event_bus import Broker, Record

TOPICS = [
    topic.name for topic in ALL if topic != METRICS
]  # a service that tells how it is follows from no request
MOST_STEPS = 1_000  # of a story: a client may send the same id with each of its requests


@dataclass(frozen=True, slots=True)
class Story:
    correlation_id: str
    nodes: list[Node]  # in the order of time
    left_out: int  # records that belong to it, beyond MOST_STEPS
    looked_at: int  # records that were read


@dataclass(slots=True)
class Search:
    """What of the records that it is shown belongs to an id: of a request, or of an event."""

    wanted: str
    steps: list[Step] = field(default_factory=list)
    cut: list[Step] = field(
        default_factory=list
    )  # letters without headers: whose they are, their source tells
    resolved: dict[Address, Resolution] = field(default_factory=dict)
    left_out: int = 0
    looked_at: int = 0

    def look(self, record: Record) -> None:
        self.looked_at += 1
        headers = dict(record.headers)
        if resolution := resolution_of(record):
            self._resolve(*resolution)
        elif self.wanted in {_text(headers.get(name)) for name in ("ce_correlationid", "ce_id")}:
            self._keep(self.steps, record)
        elif CUT in headers and letter_of(record):
            self._keep(self.cut, record)

    def _keep(self, where: list[Step], record: Record) -> None:
        if len(where) < MOST_STEPS:
            where.append(step_of(record))
        else:
            self.left_out += where is self.steps

    def _resolve(self, address: Address, resolution: Resolution) -> None:
        """It stands behind its letter, on the same partition."""
        if any(step.address == address for step in (*self.steps, *self.cut)):
            self.resolved.setdefault(address, resolution)

    def correlation_id(self) -> str:
        """Of the event, where that is what the id belongs to."""
        correlations = [step.correlation_id for step in self.steps]
        return self.wanted if self.wanted in correlations else next(iter(correlations), self.wanted)

    def story(self) -> Story:
        places = {step.address for step in self.steps}
        lost = [step for step in self.cut if step.letter and step.letter.source in places]
        nodes = ordered([*self.steps, *lost])
        for node in nodes:
            node.resolution = self.resolved.get(node.step.address)
        return Story(self.wanted, nodes, self.left_out, self.looked_at)


async def find(broker: Broker, wanted: str, time: int) -> Story:
    """What was written from this time on (milliseconds). Raises BusError; a story of nothing where nothing is."""
    search = await _search(broker, wanted, time)
    if search.correlation_id() != wanted:
        search = await _search(broker, search.correlation_id(), time)
    return search.story()


async def _search(broker: Broker, wanted: str, time: int) -> Search:
    search = Search(wanted)
    span = await spans.since(broker, TOPICS, time)
    async with aclosing(spans.records(broker, span)) as batches:
        async for batch in batches:
            for record in batch:
                search.look(record)
    return search


def _text(part: bytes | None) -> str:
    return (part or b"").decode(errors="replace")
