"""JSON Schema 2020-12 of each event version: what its value on the topic is, who writes it and who reads it."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from contracts import EVENT_TYPES, Event
from dev.docs.marks import GENERATED
from dev.docs.tables import Service, readers_of, writers_of

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
READERS, WRITERS, TOPIC, KEY = "x-read-by", "x-published-by", "x-topic", "x-key"


class _Plain(GenerateJsonSchema):
    """Without the titles that only repeat the names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def schema_of(kind: type[Event], services: Sequence[Service]) -> Schema:
    """`x-…` say what a schema can't: the topic, its key, and whom a change would meet."""
    return {
        "$schema": DIALECT,
        "$id": f"urn:event:{kind.type}",
        "$comment": GENERATED,
        **payload_of(kind),
        TOPIC: kind.topic.name,
        KEY: kind.topic.key,
        WRITERS: writers_of(kind, services),
        READERS: readers_of(kind, services),
    }


def payload_of(kind: type[BaseModel], references: str = "#/$defs/{model}") -> Schema:
    return {
        **kind.model_json_schema(ref_template=references, schema_generator=_Plain),
        "title": kind.__name__,
    }


def by_type(services: Sequence[Service]) -> dict[str, Schema]:
    return {name: schema_of(kind, services) for name, kind in EVENT_TYPES.items()}
