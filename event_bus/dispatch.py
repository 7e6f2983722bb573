"""A service is a table: which events it consumes, which plain function handles each, what it may publish."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from contracts import Envelope, Event, dead_letters_of
from event_bus import metrics
from event_bus.errors import BusError, Undecodable
from event_bus.kafka import INPUT_LIMIT
from event_bus.records import Outgoing, Record
from event_bus.wire import decode, encode

Handler = Callable[[Envelope[Any]], Awaitable[Event | Iterable[Event] | None]]
KEPT_OF_A_GIANT = 65_536  # bytes of a value that does not fit even into the dead-letter topic
MOST_OF_A_REASON = 300  # characters

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class On:
    """Events of this class (and of those that derive from it) go to this handler.

    A handler is an async function: an event in, events out. It has no effect of its own: what it returns is
    published in the same transaction as its offset. `publishes` is what it may return.
    """

    event: type[Event]
    handler: Handler
    publishes: Sequence[type[Event]] = field(default=())


class Dispatch:
    """Records in, records out, by the table of one service."""

    def __init__(self, service: str, table: Sequence[On]) -> None:
        self._service, self._table = service, table

    def topics(self) -> list[str]:
        """What has to be read: the topics of the consumed events."""
        return sorted({topic for on in self._table for topic in _topics(on.event)})

    async def handle(self, record: Record) -> list[Outgoing]:
        """What follows from a record. One that can't be handled becomes a dead letter."""
        try:
            outputs = await self._outcomes(decode(record))
        except Undecodable as error:
            return [self.dead_letter(record, str(error))]
        except BusError:
            raise
        except Exception as error:  # a bug of the handler: the same record would meet it again, for ever
            log.exception("a handler failed", topic=record.topic, offset=record.offset)
            return [self.dead_letter(record, f"the handler failed: {error!r}")]
        if any(output.size() > INPUT_LIMIT for output in outputs):
            return [self.dead_letter(record, "what follows from it is too large")]
        return outputs

    async def _outcomes(self, event: Envelope[Event]) -> list[Outgoing]:
        kind = event.data.type
        if event.source == f"/{self._service}":
            raise Undecodable("this service published it: it would go round for ever")
        on = next((row for row in self._table if isinstance(event.data, row.event)), None)
        if on is None:
            metrics.SKIPPED.labels(kind).inc()
            return []
        outcomes = _as_list(await on.handler(event))
        metrics.HANDLED.labels(kind).inc()
        return [encode(event.outcome(data, self._service, name)) for name, data in _named(outcomes)]

    def dead_letter(self, record: Record, reason: str, *, cut: bool = False) -> Outgoing:
        """The record as it was, and in its headers why it is here and where it was. `cut`: only its beginning."""
        metrics.DEAD_LETTERS.inc()
        origin = {
            "dlq_reason": reason[:MOST_OF_A_REASON],
            "dlq_topic": record.topic,
            "dlq_partition": str(record.partition),
            "dlq_offset": str(record.offset),
            "dlq_timestamp": str(record.timestamp),
            "dlq_service": self._service,
        }
        headers = [*record.headers, *((name, text.encode()) for name, text in origin.items())]
        topic = dead_letters_of(self._service).name
        letter = Outgoing(topic, record.key, record.value, headers)
        if cut or letter.size() > 2 * INPUT_LIMIT:
            marked = [("dlq_cut", b"true"), *headers[-len(origin) :]]
            letter = Outgoing(
                topic, (record.key or b"")[:1024], (record.value or b"")[:KEPT_OF_A_GIANT], marked
            )
        if letter.key is None and letter.value is None:  # the client refuses a record of nothing
            letter = Outgoing(topic, b"", None, letter.headers)
        return letter


def _as_list(outcomes: Event | Iterable[Event] | None) -> list[Event]:
    if outcomes is None:
        return []
    return [outcomes] if isinstance(outcomes, Event) else list(outcomes)


def _named(outcomes: Sequence[Event]) -> Iterable[tuple[str, Event]]:
    """The name of an outcome, from which its id is derived: its type, and for a second one of a type its place."""
    seen: dict[str, int] = {}
    for data in outcomes:
        place = seen[data.type] = seen.get(data.type, 0) + 1
        yield (data.type if place == 1 else f"{data.type}#{place}"), data


def _topics(event: type[Event]) -> set[str]:
    if hasattr(event, "topic"):
        return {event.topic.name}
    return {name for kind in event.__subclasses__() for name in _topics(kind)}
