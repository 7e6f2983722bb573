"""CloudEvents 1.0 in Kafka's binary mode: headers `ce_*`, the data as the value. Envelopes in, records out, and back.

Source of the rules: CloudEvents 1.0.2, Kafka Protocol Binding, §3.2. `traceparent` travels as the plain header
that the W3C names, so that any tracing tool finds it.
"""

from collections.abc import Mapping
from datetime import UTC
from uuid import UUID

from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.exceptions import BaseCloudEventException
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from pydantic import ValidationError

from contracts import EVENT_TYPES, Envelope, Event
from event_bus.errors import Undecodable
from event_bus.records import Outgoing, Record

TRACEPARENT = "traceparent"
REQUIRED = ("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject")


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
    headers = [(name, text.encode()) for name, text in attributes(envelope).items()]
    value = envelope.data.to_json().encode()
    return Outgoing(envelope.data.topic.name, envelope.subject.encode(), value, headers)


def attributes(envelope: Envelope[Event]) -> dict[str, str]:
    """The headers of the record of an event, as text."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(envelope.id),
        "ce_source": envelope.source,
        "ce_type": envelope.data.type,
        "ce_time": envelope.time.isoformat().replace("+00:00", "Z"),
        "ce_subject": envelope.subject,
        "ce_correlationid": envelope.correlation_id,
        "content-type": "application/json",
    }
    if envelope.causation_id is not None:
        headers["ce_causationid"] = envelope.causation_id
    if envelope.traceparent is not None:
        headers[TRACEPARENT] = envelope.traceparent
    return headers


def decode(record: Record) -> Envelope[Event]:
    """The event in a record. Raises Undecodable with the reason; never anything else."""
    if record.key is None or record.value is None:
        raise Undecodable("no key" if record.key is None else "no value")
    headers = dict(record.headers)
    event = _cloud_event(headers, record.value)
    kind = EVENT_TYPES.get(event.get_type())
    if kind is None:
        raise Undecodable(f"unknown type {event.get_type()!r}")
    return _envelope(event, kind, record, headers)


def _cloud_event(headers: Mapping[str, bytes], value: bytes) -> BaseCloudEvent:
    message = {name: part for name, part in headers.items() if name != TRACEPARENT and part is not None}
    for name in REQUIRED:  # the library would make up an id or a time of its own: new ones at each replay
        if not message.get(name):
            raise Undecodable(f"no {name}")
    try:
        return from_binary(KafkaMessage(message, None, value), _JSON, CloudEvent)
    except (BaseCloudEventException, ValueError, TypeError) as error:
        raise Undecodable(f"not a CloudEvent: {_one_line(error)}") from error


def _envelope(
    event: BaseCloudEvent, kind: type[Event], record: Record, headers: Mapping[str, bytes]
) -> Envelope[Event]:
    time, subject = event.get_time(), event.get_subject()
    assert time is not None
    assert subject is not None
    if subject.encode() != record.key:
        raise Undecodable("the key is not the subject")
    try:
        return Envelope(
            data=kind.model_validate_json(record.value or b""),
            id=UUID(event.get_id()),
            source=event.get_source(),
            time=time.astimezone(UTC),
            subject=subject,
            correlation_id=event.get_extension("correlationid") or event.get_id(),
            causation_id=event.get_extension("causationid"),
            traceparent=headers[TRACEPARENT].decode() if headers.get(TRACEPARENT) else None,
        )
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "data"
        raise Undecodable(f"not a {kind.type}: {where}: {first['msg']}") from error
    except (ValueError, OverflowError) as error:
        raise Undecodable(_one_line(error)) from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
