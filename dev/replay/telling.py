"""What a record tells, as far as it must be the same when it is told again. It must not know Kafka."""

import json
from dataclasses import dataclass
from uuid import UUID

from event_bus import Record

OTHER_EACH_TIME = {"ce_time"}  # when it was made
Fields = dict[str, str]


@dataclass(frozen=True, slots=True)
class Told:
    """`name` finds its counterpart: an event has the same id each time, a dead letter the place that it came from."""

    name: str
    cause: str  # the id of the event that it follows from; of a letter the same as its name
    is_letter: bool
    fields: Fields


def event_told(record: Record, service: str) -> Told | None:
    """None if this service did not write it, or it follows from nothing."""
    headers = _headers(record)
    if headers.get("ce_source") != f"/{service}" or not {"ce_id", "ce_causationid"} <= headers.keys():
        return None
    return Told(headers["ce_id"], headers["ce_causationid"], False, _fields(record, headers))


def letter_told(record: Record) -> Told | None:
    """None if it is no letter: beside them lies what became of each."""
    headers = _headers(record)
    if not {"dlq_topic", "dlq_partition", "dlq_offset"} <= headers.keys():
        return None
    place = f"{headers['dlq_topic']}:{headers['dlq_partition']}:{headers['dlq_offset']}"
    return Told(place, place, True, _fields(record, headers))


def cause_of(record: Record) -> str:
    """The id of an event as what follows from it names it; empty of what is none."""
    text = _headers(record).get("ce_id", "")
    try:
        return str(UUID(text))
    except ValueError:
        return text


def _fields(record: Record, headers: Fields) -> Fields:
    """The order of headers means nothing; that of the data is part of a line."""
    kept = {name: headers[name] for name in sorted(headers.keys() - OTHER_EACH_TIME)}
    return {"key": _text(record.key), **kept, **_data(record.value)}


def _data(value: bytes | None) -> Fields:
    """Field by field where it is an object of JSON."""
    try:
        found = json.loads(value or b"")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return {"value": _text(value)}
    return {name: part if isinstance(part, str) else json.dumps(part) for name, part in found.items()}


def _headers(record: Record) -> Fields:
    return {name: _text(part) for name, part in record.headers}


def _text(part: bytes | None) -> str:
    return "" if part is None else part.decode(errors="backslashreplace")
