"""AsyncAPI 3.0 of the whole shop: topics as channels, what each service sends and receives, headers, data, examples.

https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

import json
from collections.abc import Sequence
from typing import Any

from contracts import EVENT_TYPES, Event, Topic
from contracts.topics import ALL
from dev.docs.marks import COMMAND
from dev.docs.schemas import Schema, payload_of
from dev.docs.tables import Service, topics_of
from dev.paths import ROOT
from event_bus.wire import REQUIRED, TRACEPARENT
from http_edge.edge import VERSION

SAMPLES = ROOT / "ressources" / "samples"
DEAD_LETTER = "dead_letter"
BINDING = {"bindingVersion": "0.5.0"}
_MEANINGS = {
    "ce_specversion": "Version of CloudEvents.",
    "ce_id": "Made once, where the event is born; an event that follows from another has uuid5(its id, outcome).",
    "ce_source": "The service that published it: /users_service.",
    "ce_type": "The type of the event, with its version.",
    "ce_time": "When it was published, RFC 3339, UTC.",
    "ce_subject": "What it is about; the key of the record.",
    "ce_correlationid": "The request at the start of the story.",
    "ce_causationid": "The event or request right before this one.",
    TRACEPARENT: "W3C trace context.",
    "content-type": "Of the value.",
}
_DEAD_LETTER_HEADERS = ("reason", "topic", "partition", "offset", "timestamp", "service")


def asyncapi(services: Sequence[Service]) -> Schema:
    return {
        "asyncapi": "3.0.0",
        "x-generated-by": COMMAND,
        "info": {
            "title": "The event-only shop",
            "version": VERSION,
            "description": "Services that only exchange Kafka messages: CloudEvents 1.0 in Kafka's binary mode.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": {"kafka": {"host": "localhost:9092", "protocol": "kafka"}},
        "channels": {topic.name: _channel(topic) for topic in ALL},
        "operations": {name: said for service in services for name, said in _operations(service)},
        "components": {
            "messages": {name: _message(kind) for name, kind in EVENT_TYPES.items()}
            | {DEAD_LETTER: _dead_letter()},
            "schemas": _schemas() | {"cloudevent_headers": _headers()},
        },
    }


def _channel(topic: Topic) -> Schema:
    cleanup = "compact" if topic.cleanup == "compact" else "delete"
    return {
        "address": topic.name,
        "description": f"Key: {topic.key}. Kept: {topic.cleanup}.",
        "messages": {name: _reference("components/messages", name) for name in _types_on(topic)},
        "bindings": {
            "kafka": {"partitions": topic.partitions, "topicConfiguration": {"cleanup.policy": [cleanup]}}
            | BINDING
        },
    }


def _types_on(topic: Topic) -> list[str]:
    if topic.holds_inputs:
        return [DEAD_LETTER]
    return [name for name, kind in EVENT_TYPES.items() if kind.topic == topic]


def _operations(service: Service) -> list[tuple[str, Schema]]:
    sent = [_operation(service, "send", topic, service.publishes) for topic in service.writes_to]
    received = [_operation(service, "receive", topic, service.reads) for topic in service.reads_from]
    return [*sent, *received]


def _operation(
    service: Service, action: str, topic: Topic, events: Sequence[type[Event]]
) -> tuple[str, Schema]:
    names = [DEAD_LETTER] if topic.holds_inputs else [kind.type for kind in events if kind.topic == topic]
    described: Schema = {
        "action": action,
        "channel": _reference("channels", topic.name),
        "summary": f"{service.name} {'publishes' if action == 'send' else 'reads'}: {', '.join(names)}.",
        "tags": [{"name": service.name}],
        "messages": [_reference(f"channels/{topic.name}/messages", name) for name in names],
    }
    if action == "receive" and topic in topics_of(service.consumes):
        described["bindings"] = {"kafka": {"groupId": {"type": "string", "const": service.name}} | BINDING}
    return f"{service.name}.{action}.{topic.name}", described


def _message(kind: type[Event]) -> Schema:
    described = {
        "name": kind.type,
        "title": kind.__name__,
        "summary": " ".join((kind.__doc__ or "").split()),
        "contentType": "application/json",
        "headers": {
            "allOf": [_reference("components/schemas", "cloudevent_headers")],
            "properties": {"ce_type": {"const": kind.type}},
        },
        "payload": _reference("components/schemas", kind.__name__),
        "bindings": {"kafka": {"key": {"type": "string", "description": kind.topic.key}} | BINDING},
    }
    return described | {"examples": examples} if (examples := _examples(kind)) else described


def _examples(kind: type[Event]) -> list[Schema]:
    """The golden message."""
    file = SAMPLES / f"{kind.type}.json"
    if not file.exists():
        return []
    sample = json.loads(file.read_text(encoding="utf-8"))
    return [{"name": kind.type, "headers": sample["headers"], "payload": json.loads(sample["value"])}]


def _headers() -> Schema:
    return {
        "type": "object",
        "required": list(REQUIRED),
        "properties": {name: {"type": "string", "description": text} for name, text in _MEANINGS.items()},
    }


def _dead_letter() -> Schema:
    """What a service could not handle has any headers and any value."""
    names = [f"dlq_{name}" for name in _DEAD_LETTER_HEADERS]
    return {
        "name": DEAD_LETTER,
        "title": "DeadLetter",
        "summary": "A record that a service could not handle, as it was; why and where from, in the headers.",
        "headers": {"type": "object", "properties": {name: {"type": "string"} for name in names}},
        "payload": {},
    }


def _schemas() -> dict[str, Any]:
    """By the names of the classes; what a class contains stands beside it."""
    found: dict[str, Any] = {}
    for kind in EVENT_TYPES.values():
        schema = payload_of(kind, "#/components/schemas/{model}")
        found |= schema.pop("$defs", {})
        found[kind.__name__] = schema
    return dict(sorted(found.items()))


def _reference(where: str, name: str) -> Schema:
    return {"$ref": f"#/{where}/{name}"}
