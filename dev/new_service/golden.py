"""Golden messages: those that are there tell the key of an event, and a new event gets its own."""

import json
from functools import cache
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from contracts import Event
from dev.paths import ROOT

SAMPLES = Path("ressources/samples")
TIME = "2026-11-21T03:11:04.123000Z"


@cache
def sample(kind: str) -> Any:
    return json.loads((ROOT / SAMPLES / f"{kind}.json").read_text(encoding="utf-8"))


def key_field(kind: type[Event]) -> str | None:
    """The field that says what the event is about; None if none does, or not one alone."""
    if kind.subject is Event.subject:
        return None
    value = json.loads(sample(kind.type)["value"])
    return next((name for name, text in value.items() if text == sample(kind.type)["key"]), None)


def message(effect: str, topic: str, service: str, cause: type[Event] | None, fields: dict[str, str]) -> str:
    """The golden message of a new event: what follows from that of its cause, or a request's."""
    before = sample(cause.type) if cause else None
    caused_by = before["headers"]["ce_id"] if before else "req-7f3a"
    key = before["key"] if before else f"{service}-1"
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(uuid5(UUID(caused_by) if before else NAMESPACE_URL, effect)),
        "ce_source": f"/{service}",
        "ce_type": effect,
        "ce_time": TIME,
        "ce_subject": key,
        "ce_correlationid": before["headers"]["ce_correlationid"] if before else caused_by,
        "content-type": "application/json",
        "ce_causationid": caused_by,
    }
    value = json.dumps({name: text or key for name, text in fields.items()}, separators=(",", ":"))
    return (
        json.dumps(
            {"topic": topic, "key": key, "headers": headers, "value": value}, indent=2, ensure_ascii=False
        )
        + "\n"
    )
