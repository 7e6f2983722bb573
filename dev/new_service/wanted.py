"""What somebody asked for, checked against what is there, and every name that follows from it. It writes nothing."""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from contracts import EVENT_TYPES, Event, Topic
from contracts import events as glossary
from contracts.topics import ALL, NOTIFICATIONS
from dev.errors import ShopError
from dev.new_service.golden import key_field
from dev.paths import ROOT
from dev.services import KINDS

FIRST_PORT = 3000
PLACES = range(5, 10)  # after the number of --ports-from: kept for services to come
_NAME = re.compile(r"(?=.{2,24}$)[a-z]+(_[a-z]+)*")
_TYPE = re.compile(r"(?=.{1,40}$)[a-z]+\.[a-z]+(_[a-z]+)*\.v1")
_TOPIC = re.compile(r"(?=.{2,24}$)[a-z]+(_[a-z]+)*")


class Way(StrEnum):
    """The ways in which data moves (docs/architecture.md), as kinds of a service."""

    worker = "worker"
    stateful = "stateful"
    edge = "edge"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A service to be made. `cause`: the event that it consumes, if it is no edge."""

    word: str  # greetings
    way: Way
    cause: type[Event] | None
    effect: str  # the type of the event that it publishes: greetings.sent.v1
    topic: Topic
    place: int

    @property
    def service(self) -> str:
        return f"{self.word}_service"

    @property
    def container(self) -> str:
        return self.service.replace("_", "-")

    @property
    def short(self) -> str:
        """What the names of its networks begin with."""
        return self.word.replace("_", "-")

    @property
    def prefix(self) -> str:
        """Of its settings."""
        return f"{self.word.upper()}_"

    @property
    def port(self) -> int:
        return FIRST_PORT + self.place

    @property
    def thing(self) -> str:
        """One of what its event is about: greeting."""
        return _singular(self.effect.split(".")[0])

    @property
    def verb(self) -> str:
        return self.effect.split(".")[1]

    @property
    def effect_class(self) -> str:
        return "".join(word.title() for word in (self.thing, *self.verb.split("_")))

    @property
    def is_told(self) -> bool:
        """Whether its event becomes a line: everything on `notifications` does."""
        return self.topic == NOTIFICATIONS

    @property
    def is_keyed(self) -> bool:
        """Whether its event says what it is about; else that is what its cause is about."""
        return self.way is Way.edge or not self.is_told

    @property
    def has_new_topic(self) -> bool:
        return self.topic not in ALL

    @property
    def has_database(self) -> bool:
        return self.way is not Way.worker

    @property
    def consumes(self) -> Topic | None:
        return self.cause.topic if self.cause else None


def wanted(
    name: str, kind: str | None, consumes: str | None, publishes: str | None, topic: str, root: Path = ROOT
) -> Wanted:
    """Raises ShopError, with one line that says what is wrong and what would be right."""
    word, way = _word(name, root), _way(kind)
    cause, effect = _cause(way, consumes), _effect(publishes)
    made = Wanted(word, way, cause, effect, _topic(topic, effect), _free_place())
    if hasattr(glossary, made.effect_class):
        raise ShopError(
            f"--publishes {effect} would be the class {made.effect_class}, and contracts/events.py has one"
        )
    return made


def _word(name: str, root: Path) -> str:
    word = name.removesuffix("_service")
    if not _NAME.fullmatch(word):
        raise ShopError(f"{name!r} is no name for a service: 2 to 24 small letters, like greetings")
    if (root / f"{word}_service").exists() or any(kind.name == f"{word}_service" for kind in KINDS):
        raise ShopError(f"{word}_service is there already: take another name")
    return word


def _way(kind: str | None) -> Way:
    if kind not in list(Way):
        raise ShopError(f"--kind is one of {', '.join(Way)}: docs/adding_a_service.md says what they are")
    return Way(kind)


def _cause(way: Way, consumes: str | None) -> type[Event] | None:
    if way is Way.edge:
        if consumes:
            raise ShopError("an edge answers requests and consumes nothing: leave --consumes out")
        return None
    if not consumes:
        raise ShopError(f"a {way} service needs --consumes, the event that it acts on: users.registered.v1")
    causes = {name: kind for name, kind in EVENT_TYPES.items() if _can_be_consumed(kind)}
    if consumes not in causes:
        why = "it is only looked at" if consumes in EVENT_TYPES else "nobody publishes that"
        raise ShopError(f"--consumes {consumes}: {why}; what can be consumed: {', '.join(causes)}")
    return causes[consumes]


def _can_be_consumed(kind: type[Event]) -> bool:
    """By a group, for it lies where it stays until then, and says what it is about."""
    return kind.topic.cleanup == "by size" and key_field(kind) is not None


def _effect(publishes: str | None) -> str:
    if not publishes:
        raise ShopError("--publishes is needed: the event that tells what happened, like greetings.sent.v1")
    if publishes in EVENT_TYPES:
        raise ShopError(f"--publishes {publishes} is there already: a new service has an event of its own")
    if not _TYPE.fullmatch(publishes):
        raise ShopError(f"--publishes {publishes} is no type of an event: it reads like greetings.sent.v1")
    return publishes


def _topic(name: str, effect: str) -> Topic:
    """One that is there, or a new one, with the partitions of those that are shared by services."""
    found = next((topic for topic in ALL if topic.name == name), None)
    if found is None and not _TOPIC.fullmatch(name):
        raise ShopError(f"--topic {name} is no name for a topic: 2 to 24 small letters, like greetings")
    if found and found.partitions < NOTIFICATIONS.partitions:
        raise ShopError(f"--topic {name} has a purpose of its own: take notifications, or a new name")
    thing = _singular(effect.split(".")[0])
    return found or Topic(name=name, key=f"{thing} id", partitions=NOTIFICATIONS.partitions)


def _free_place() -> int:
    taken = {kind.offset for kind in KINDS}
    free = [place for place in PLACES if place not in taken]
    if not free:
        raise ShopError(
            "all ports that were kept for services to come are taken: move Kafka's in dev/plan.py"
        )
    return free[0]


def _singular(noun: str) -> str:
    """`deliveries`: `delivery`. English enough for a class name, which anybody may change."""
    if noun.endswith("ies"):
        return f"{noun[:-3]}y"
    return noun.removesuffix("s") if not noun.endswith("ss") else noun
