"""Which row of a service's table a record belongs to, and what becomes of a record that belongs to none."""

from collections.abc import Iterable, Sequence
from typing import Generic, Protocol, TypeVar

from contracts import Envelope, Event, dead_letters_of
from event_bus import metrics
from event_bus.errors import MOST_OF_A_REASON, Undecodable
from event_bus.records import INPUT_LIMIT, Outgoing, Record
from event_bus.wire import decode

KEPT_OF_A_GIANT = 65_536  # bytes of a value that does not fit even into the dead-letter topic


class Consumes(Protocol):
    """A row: it takes events of this class and of those that derive from it."""

    @property
    def event(self) -> type[Event]: ...


Row = TypeVar("Row", bound=Consumes)


class Routing(Generic[Row]):
    """The table of one service, as a way from records to rows."""

    def __init__(self, service: str, table: Sequence[Row]) -> None:
        self.service, self._table = service, table

    def topics(self) -> list[str]:
        """What has to be read: the topics of the consumed events."""
        return sorted({topic for row in self._table for topic in _topics(row.event)})

    def find(self, record: Record) -> tuple[Envelope[Event], Row] | None:
        """The event and its row; None if it is of no concern here. Raises Undecodable."""
        event = decode(record)
        row = next((row for row in self._table if isinstance(event.data, row.event)), None)
        if row is None:
            metrics.SKIPPED.labels(event.data.type).inc()
            return None
        if event.source == f"/{self.service}":
            raise Undecodable("this service published it: it would go round for ever")
        return event, row

    def dead_letter(self, record: Record, reason: str, *, cut: bool = False) -> Outgoing:
        """The record as it was, and in its headers why it is here and where it was. `cut`: only its beginning."""
        metrics.DEAD_LETTERS.inc()
        origin = {
            "dlq_reason": reason[:MOST_OF_A_REASON],
            "dlq_topic": record.topic,
            "dlq_partition": str(record.partition),
            "dlq_offset": str(record.offset),
            "dlq_timestamp": str(record.timestamp),
            "dlq_service": self.service,
        }
        headers = [*record.headers, *((name, text.encode()) for name, text in origin.items())]
        topic = dead_letters_of(self.service).name
        letter = Outgoing(topic, record.key, record.value, headers)
        if cut or letter.size() > 2 * INPUT_LIMIT:
            marked = [("dlq_cut", b"true"), *headers[-len(origin) :]]
            letter = Outgoing(
                topic, (record.key or b"")[:1024], (record.value or b"")[:KEPT_OF_A_GIANT], marked
            )
        if letter.key is None and letter.value is None:  # the client refuses a record of nothing
            letter = Outgoing(topic, b"", None, letter.headers)
        return letter


def named(outcomes: Sequence[Event]) -> Iterable[tuple[str, Event]]:
    """The name of an outcome, from which its id is derived: its type, and for a second one of a type its place."""
    seen: dict[str, int] = {}
    for data in outcomes:
        place = seen[data.type] = seen.get(data.type, 0) + 1
        yield (data.type if place == 1 else f"{data.type}#{place}"), data


def _topics(event: type[Event]) -> set[str]:
    if hasattr(event, "topic"):
        return {event.topic.name}
    return {name for kind in event.__subclasses__() for name in _topics(kind)}
