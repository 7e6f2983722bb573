"""Every consumer reads every message ever released of what it consumes, and its handler makes something of it."""

import json
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from contracts.upcasters import read_as
from dev.docs import tables
from dev.docs.tables import Service
from event_bus import Apply
from event_bus.dispatch import Dispatch
from event_bus.records import Outgoing
from event_bus.routing import Routing
from event_bus.wire import decode
from tests.event_bus.test_wire import SAMPLES, Read

SERVICES = {service.name: service for service in tables.services()}
MESSAGES = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(SAMPLES.glob("*.json"))
}


def read_by(of: str) -> list[Any]:
    """Pairs of a service and a message."""
    return [
        pytest.param(service, message, id=f"{service.name}-{kind.type}")
        for service in SERVICES.values()
        for kind in getattr(service, of)
        for message in [MESSAGES[kind.type]]
    ]


def record_of(message: dict[str, Any]) -> Read:
    headers = [(name, text.encode()) for name, text in message["headers"].items()]
    return Read(message["key"].encode(), message["value"].encode(), headers)


def rows(service: Service) -> list[Any]:
    module = import_module(f"{service.name}.app")
    settings = import_module(f"{service.name}.settings").Settings.model_construct()
    return list(tables.rows(module, settings))


@pytest.mark.parametrize(("service", "message"), read_by("consumes"))
async def test_a_consumer_finds_its_row_and_handles_it(service: Service, message: dict[str, Any]) -> None:
    table, record = rows(service), record_of(message)
    found = Routing(service.name, table).find(record)
    assert found, "no row takes it"
    event, row = found
    if isinstance(row, Apply):
        assert row.to(event.data)
    else:
        assert [output.topic for output in await handled(service.name, table, record)] == [
            kind.topic.name for kind in row.publishes
        ]


async def handled(service: str, table: list[Any], record: Read) -> list[Outgoing]:
    return await Dispatch(service, table).handle(record)


@pytest.mark.parametrize(("service", "message"), read_by("follows"))
def test_a_follower_reads_it(service: Service, message: dict[str, Any]) -> None:
    event = decode(record_of(message))
    assert type(event.data) in {read_as(kind) for kind in service.follows}


def types() -> Iterator[str]:
    return (message["headers"]["ce_type"] for message in MESSAGES.values())


def test_a_message_is_named_after_its_type() -> None:
    assert list(types()) == list(MESSAGES)
