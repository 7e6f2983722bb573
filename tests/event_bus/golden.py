"""The golden messages of ressources/samples/, as a test hands them on: one of each event, as it lies on its topic."""

import json
from pathlib import Path
from typing import Any, TypeVar

from contracts import Envelope, Event
from dev.paths import ROOT
from event_bus.wire import decode
from tests.event_bus.test_wire import Read

SAMPLES: Path = ROOT / "ressources" / "samples"
E = TypeVar("E", bound=Event)


def golden(kind: type[E]) -> Envelope[E]:
    """As a handler gets it."""
    event: Envelope[Any] = decode(Read(*golden_record(kind)))
    return event


def golden_record(kind: type[Event]) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """Key, value and headers."""
    message = json.loads((SAMPLES / f"{kind.type}.json").read_text(encoding="utf-8"))
    headers = [(name, text.encode()) for name, text in message["headers"].items()]
    return message["key"].encode(), message["value"].encode(), headers
