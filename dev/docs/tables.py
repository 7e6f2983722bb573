"""What each service's `app.py` says: which events it takes and publishes, what causes them, which calls it answers.

It loads the code of the services and starts none of them: no setting of this machine is read.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from contracts import EVENT_TYPES, Event, Topic, dead_letters_of
from contracts.topics import ALL
from contracts.upcasters import read_as
from dev.services import BROWSER, KINDS, Kind
from http_edge.openapi import openapi

Events = Sequence[type[Event]]


@dataclass(frozen=True, slots=True)
class Cause:
    """What makes a service publish: a call, an event, or nothing from outside."""

    words: str
    publishes: Events


@dataclass(frozen=True, slots=True)
class Service:
    """`consumes`: as a consumer group, by the rows of its table. `follows`: without one, each instance all of it."""

    name: str
    port: int
    summary: str
    consumes: Events
    follows: Events
    causes: Sequence[Cause]
    has_database: bool
    description: dict[str, Any]  # OpenAPI

    @property
    def publishes(self) -> Events:
        return in_order(kind for cause in self.causes for kind in cause.publishes)

    @property
    def reads(self) -> Events:
        return in_order([*self.consumes, *self.follows])

    @property
    def writes_to(self) -> list[Topic]:
        """Its topic of dead letters too: whoever has a table may meet a record that it can't handle."""
        dead_letters = [dead_letters_of(self.name)] if self.consumes else []
        return [*topics_of(self.publishes), *dead_letters]

    @property
    def reads_from(self) -> list[Topic]:
        return topics_of(self.reads)


def services() -> list[Service]:
    """Those that exchange events, in the order in which the launcher knows them."""
    return [service(kind) for kind in KINDS]


def described() -> list[Service]:
    """All that answer HTTP: the one that only looks too."""
    return [*services(), service(BROWSER)]


def service(kind: Kind) -> Service:
    module = import_module(f"{kind.name}.app")
    settings = import_module(f"{kind.name}.settings").Settings.model_construct()  # the defaults
    app = module.build(settings)
    table = rows(module, settings)
    operations = app.state.operations
    pieces = [piece for piece in vars(module).values() if isinstance(piece, type)]
    return Service(
        name=kind.name,
        port=kind.port,
        summary=app.state.about.summary,
        consumes=in_order(concrete(row.event for row in table)),
        follows=in_order(concrete(event for piece in pieces for event in _declared(piece, "follows"))),
        causes=[
            *(Cause(f"{one.method} {one.path}", one.publishes) for one in operations if one.publishes),
            *(Cause(_words(row.event), row.publishes) for row in table),
            *(Cause("by itself", events) for piece in pieces if (events := _declared(piece, "publishes"))),
        ],
        has_database="Database" in vars(module),
        description=openapi(app.state.about, operations),
    )


def readers_of(kind: type[Event], of: Iterable[Service]) -> list[str]:
    return [one.name for one in of if kind in one.reads]


def writers_of(kind: type[Event], of: Iterable[Service]) -> list[str]:
    return [one.name for one in of if kind in one.publishes]


def in_order(events: Iterable[type[Event]]) -> list[type[Event]]:
    """Each once, in the order of the glossary."""
    wanted = set(events)
    return [kind for kind in EVENT_TYPES.values() if kind in wanted]


def topics_of(events: Events) -> list[Topic]:
    return [topic for topic in ALL if any(kind.topic == topic for kind in events)]


def rows(module: Any, settings: Any) -> Sequence[Any]:
    rows: Sequence[Any] = module.consumes(settings) if hasattr(module, "consumes") else ()
    return rows or getattr(module, "CONSUMES", ())


def concrete(events: Iterable[type[Event]]) -> Iterator[type[Event]]:
    """A row takes what derives from its class, and the old versions that become such an event."""
    for event in events:
        yield from (kind for kind in EVENT_TYPES.values() if issubclass(read_as(kind), event))


def _declared(piece: type, what: str) -> Events:
    """What a class of which a service has one says for all of them: `publishes`, `follows`."""
    events = vars(piece).get(what)
    return events if isinstance(events, tuple) else ()


def _words(event: type[Event]) -> str:
    return getattr(event, "type", None) or f"any event on `{event.topic.name}`"
