"""CloudEvents 1.0 in Kafka's binary mode: headers `ce_*`, the data as the value. Envelopes in, records out, and back.

Source of the rules: CloudEvents 1.0.2, Kafka Protocol Binding, §3.2. `traceparent` travels as the plain header
that the W3C names, so that any tracing tool finds it.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.exceptions import BaseCloudEventException
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from pydantic import ValidationError

from contracts import EVENT_TYPES, Envelope, Event
from contracts.upcasters import newest
from event_bus.errors import Undecodable
from event_bus.records import Outgoing, Record

TRACEPARENT = "traceparent"
REQUIRED = ("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject")

_VERSION, _CONTENT_TYPE = "1.0", "application/json"
_ALWAYS = _VERSION.encode(), _CONTENT_TYPE.encode()  # as they are read
_OURS = {*REQUIRED, "ce_correlationid", "ce_causationid", "content-type", TRACEPARENT}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", re.ASCII)


class _Json(JSONFormat):
    """The data stays as it is: the models of the language read it."""

    def read_data(self, body: bytes, datacontenttype: str | None) -> bytes:
        return body


_JSON = _Json()


def encode(envelope: Envelope[Event]) -> Outgoing:
    """The record of an event. Raises UnicodeEncodeError for lone surrogates: let none in at the edge.

    Written out rather than asked of the library, which would take a fifth of the time of a whole request; a test
    holds it to the library's own reading.
    """
    data = envelope.data
    headers = [(name, text.encode()) for name, text in attributes(envelope).items()]
    return Outgoing(data.topic.name, envelope.subject.encode(), data.to_json().encode(), headers)


def attributes(envelope: Envelope[Event]) -> dict[str, str]:
    """The headers of the record of an event, as text."""
    headers = {
        "ce_specversion": _VERSION,
        "ce_id": str(envelope.id),
        "ce_source": envelope.source,
        "ce_type": envelope.data.type,
        "ce_time": envelope.time.isoformat().replace("+00:00", "Z"),
        "ce_subject": envelope.subject,
        "ce_correlationid": envelope.correlation_id,
        "content-type": _CONTENT_TYPE,
    }
    if envelope.causation_id is not None:
        headers["ce_causationid"] = envelope.causation_id
    if envelope.traceparent is not None:
        headers[TRACEPARENT] = envelope.traceparent
    return headers


def decode(record: Record) -> Envelope[Event]:
    """The event in a record, as its newest version. Raises Undecodable with the reason; never anything else."""
    if record.key is None or record.value is None:
        raise Undecodable("no key" if record.key is None else "no value")
    headers = dict(record.headers)
    said = _as_we_write(headers) or _as_anybody_may(headers, record.value)
    kind = EVENT_TYPES.get(said.type)
    if kind is None:
        raise Undecodable(f"unknown type {said.type!r}")
    return _envelope(said, kind, record, headers)


class _Said(NamedTuple):
    """What the headers say of an event."""

    id: str
    source: str
    type: str
    time: datetime
    subject: str
    correlation_id: str | None
    causation_id: str | None


def _as_we_write(headers: Mapping[str, bytes | None]) -> _Said | None:
    """Reads what `encode` writes, at an eighth of the library's price; None for whatever differs in anything."""
    _, *required = found = [headers.get(name) for name in REQUIRED]
    if not all(found) or not headers.keys() <= _OURS:
        return None
    if (found[0], headers.get("content-type")) != _ALWAYS:
        return None
    try:
        id_, source, type_, time, subject = [part.decode() for part in required if part]
        if not _TIME.fullmatch(time):
            return None
        correlation, causation = headers.get("ce_correlationid"), headers.get("ce_causationid")
        return _Said(
            id_,
            source,
            type_,
            datetime.fromisoformat(time),
            subject,
            None if correlation is None else correlation.decode(),
            None if causation is None else causation.decode(),
        )
    except ValueError:
        return None


def _as_anybody_may(headers: Mapping[str, bytes], value: bytes) -> _Said:
    """By the library, which knows all that CloudEvents allow, and refuses the rest."""
    message = {name: part for name, part in headers.items() if name != TRACEPARENT and part is not None}
    for name in REQUIRED:  # the library would make up an id or a time of its own: new ones at each replay
        if not message.get(name):
            raise Undecodable(f"no {name}")
    try:
        event = from_binary(KafkaMessage(message, None, value), _JSON, CloudEvent)
    except (BaseCloudEventException, ValueError, TypeError) as error:
        raise Undecodable(f"not a CloudEvent: {error}") from error
    time, subject = event.get_time(), event.get_subject()
    assert time is not None
    assert subject is not None
    correlation, causation = event.get_extension("correlationid"), event.get_extension("causationid")
    return _Said(event.get_id(), event.get_source(), event.get_type(), time, subject, correlation, causation)


def _envelope(
    said: _Said, kind: type[Event], record: Record, headers: Mapping[str, bytes]
) -> Envelope[Event]:
    if said.subject.encode() != record.key:
        raise Undecodable("the key is not the subject")
    trace = headers.get(TRACEPARENT)
    try:
        return Envelope(
            data=_upcast(kind.model_validate_json(record.value or b"")),
            id=UUID(said.id),
            source=said.source,
            time=said.time.astimezone(UTC),
            subject=said.subject,
            correlation_id=said.correlation_id or said.id,
            causation_id=said.causation_id,
            traceparent=trace.decode() if trace else None,
        )
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "data"
        raise Undecodable(f"not a {kind.type}: {where}: {first['msg']}") from error
    except (ValueError, OverflowError) as error:
        raise Undecodable(str(error)) from error


def _upcast(data: Event) -> Event:
    """A bug of an upcaster would meet the same record for ever."""
    try:
        return newest(data)
    except Exception as error:
        raise Undecodable(f"no newer version can be made of this {data.type}: {error}") from error
