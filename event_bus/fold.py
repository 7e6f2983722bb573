"""Events applied to documents, in memory: what each document becomes, and what follows from it. No await.

A rule is a plain function: an event and the state before it in, the state after it and what follows out. It is asked
again if somebody else changed the document meanwhile, so it has no effect of its own.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import structlog

from contracts import Envelope, Event
from event_bus import metrics
from event_bus.errors import Refusal
from event_bus.handling import HANDLINGS
from event_bus.inbox import Inbox
from event_bus.outbox import Entry, entry, record
from event_bus.records import INPUT_LIMIT, Record
from event_bus.routing import named

State = Mapping[str, Any]
Refused = tuple[Record, str]  # and why
Bury = Callable[[Sequence[Refused]], Awaitable[None]]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Change:
    """What a rule makes of an event: the state after it (None: as before), and the events that follow."""

    state: State | None = None
    events: Sequence[Event] = ()


Rule = Callable[[Envelope[Any], State | None], Change]


@dataclass(frozen=True, slots=True)
class Apply:
    """Events of this class change the document whose id `to` reads from them, by this rule.

    A rule that can't be applied raises Refusal: the record becomes a dead letter. `publishes` is what may follow.
    """

    event: type[Event]
    to: Callable[[Any], object]
    by: Rule
    publishes: Sequence[type[Event]] = field(default=())


@dataclass(frozen=True, slots=True)
class Input:
    """A record that waits to be applied. `source` is its partition, without the prefix of the topics."""

    record: Record
    source: str
    event: Envelope[Event]
    rule: Rule
    key: object  # the _id of the document that it changes


@dataclass(slots=True)
class Changed:
    """A document on its way from one version to the next. `before` None: there is none yet."""

    key: object
    before: State | None
    version: int
    state: State | None
    inbox: Inbox
    entries: list[Entry] = field(default_factory=list)
    touched: bool = False

    def take(self, change: Change, entries: Iterable[Entry]) -> None:
        if change.state is not None:
            self.state = change.state
        self.entries += entries
        self.touched = self.touched or change.state is not None or bool(change.events)


@dataclass(frozen=True, slots=True)
class Folded:
    """What a batch makes of its documents, and the inputs that could not be applied, with the reasons."""

    changed: Sequence[Changed]
    refused: Sequence[Refused]


def fold(service: str, inputs: Iterable[Input], documents: Mapping[object, Changed]) -> Folded:
    """Each input once, in this order. `documents` has one for every key of the inputs."""
    refused: list[Refused] = []
    for given in inputs:
        document = documents[given.key]
        if document.inbox.holds(given.source, given.record.offset, given.event.id):
            metrics.REPEATED.inc()
            continue
        try:
            _apply(service, given, document)
        except Refusal as refusal:
            HANDLINGS.of(given.event.data.type).failures += 1
            refused.append((given.record, str(refusal)))
        except Exception as error:  # a bug of the rule: the same record would meet it again, for ever
            HANDLINGS.of(given.event.data.type).failures += 1
            log.exception("a rule failed", topic=given.record.topic, offset=given.record.offset)
            refused.append((given.record, f"the rule failed: {error!r}"))
    return Folded([document for document in documents.values() if document.touched], refused)


def _apply(service: str, given: Input, document: Changed) -> None:
    event = given.event
    began = perf_counter()
    change = given.rule(event, document.state)
    entries = [entry(event.outcome(data, service, name)) for name, data in named(change.events)]
    if any(record(stored).size() > INPUT_LIMIT for stored in entries):
        raise Refusal("what follows from it is too large")
    document.take(change, entries)
    document.inbox.add(given.source, given.record.offset, event.id)
    HANDLINGS.of(event.data.type).done(perf_counter() - began)
