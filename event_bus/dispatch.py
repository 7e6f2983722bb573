"""The worker's table: which events a service consumes, which plain function handles each, what it may publish."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import structlog

from contracts import Envelope, Event
from event_bus.errors import BusError, Undecodable
from event_bus.handling import HANDLINGS
from event_bus.records import INPUT_LIMIT, Outgoing, Record
from event_bus.routing import Routing, named
from event_bus.wire import encode

Handler = Callable[[Envelope[Any]], Awaitable[Event | Iterable[Event] | None]]

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


class Dispatch(Routing[On]):
    """Records in, records out, by the table of one service."""

    async def handle(self, record: Record) -> list[Outgoing]:
        """What follows from a record. One that can't be handled becomes a dead letter."""
        try:
            outputs = await self._outcomes(record)
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

    async def _outcomes(self, record: Record) -> list[Outgoing]:
        found = self.find(record)
        if found is None:
            return []
        event, row = found
        handling = HANDLINGS.of(event.data.type)
        began = perf_counter()
        try:
            outcomes = _as_list(await row.handler(event))
        except Exception:
            handling.failures += 1
            raise
        handling.done(perf_counter() - began)
        return [encode(event.outcome(data, self.service, name)) for name, data in named(outcomes)]


def _as_list(outcomes: Event | Iterable[Event] | None) -> list[Event]:
    if outcomes is None:
        return []
    return [outcomes] if isinstance(outcomes, Event) else list(outcomes)
