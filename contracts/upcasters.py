"""Old versions of events, and the one function for each that makes the next version of it.

An event whose meaning changes gets a new version, a class of its own on the same topic, and the old class stays: its
records lie on the topics, and copies of the services that still run write more of them. Whoever knows the new version
reads the old one through its upcaster, and no table of a service ever names two versions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from contracts.event import Event


@dataclass(frozen=True, slots=True)
class Upcaster:
    """`by`: a plain function, the old data in, the new data out. What the old one did not say has to be a default."""

    old: type[Event]
    new: type[Event]
    by: Callable[[Any], Event]


UPCASTERS: dict[str, Upcaster] = {}  # by the type of the old version; nothing has a second version yet


def newest(data: Event) -> Event:
    """The event as its newest version."""
    while upcaster := UPCASTERS.get(data.type):
        data = upcaster.by(data)
    return data


def read_as(kind: type[Event]) -> type[Event]:
    """The version as which an event of this class reaches who reads it."""
    while upcaster := UPCASTERS.get(kind.type):
        kind = upcaster.new
    return kind
