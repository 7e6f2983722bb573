"""CloudEvents in Kafka's binary mode, there and back; whatever else lies on a topic is Undecodable."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts import (
    EVENT_TYPES,
    Envelope,
    Event,
    KeyPublished,
    Missing,
    ServiceMeasured,
    StockMoved,
    StockRefused,
)
from contracts.upcasters import UPCASTERS
from event_bus.errors import Undecodable
from event_bus.records import Outgoing, Record
from event_bus.wire import _as_anybody_may, _as_we_write, decode, encode

SAMPLES = Path(__file__).parents[2] / "ressources" / "samples"


@dataclass(frozen=True)
class Read:
    """A record as it comes from a topic."""

    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, Any]] = field(default_factory=list)  # a null value is legal in Kafka
    topic: str = "topic"
    partition: int = 0
    offset: int = 0
    timestamp: int = 0


def read(record: Outgoing) -> Record:
    return Read(record.key, record.value, list(record.headers))


texts = st.text(
    st.characters(exclude_categories=["Cs"]), max_size=50
)  # no lone surrogates: the edge lets none in
subjects = texts.filter(bool)
times = st.datetimes(datetime(1970, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC))


def data_of(kind: type[Event]) -> st.SearchStrategy[Event]:
    """Any event of a class: texts of any kind in every field."""
    pieces = st.integers(-(2**60), 2**60)
    if kind is ServiceMeasured:
        return measured(pieces)
    special: dict[str, Any] = {"x": st.from_regex(r"\A[A-Za-z0-9_-]{43}\Z")}
    special |= dict.fromkeys(["quantity", "number", "pieces", "threshold", "generation", "until"], pieces)
    if issubclass(kind, StockMoved | StockRefused):
        special["level"] = pieces  # of a log line it is a word
    constant = {"kty", "crv", "alg", "use"} if kind is KeyPublished else set()
    fields = {
        name: special.get(name, texts if info.is_required() else st.none() | texts)
        for name, info in kind.model_fields.items()
        if name not in constant
    }
    return st.builds(kind, **fields)


def measured(count: st.SearchStrategy[int]) -> st.SearchStrategy[Event]:
    """The one with other fields than texts."""
    maybe = st.none() | count
    return st.builds(
        ServiceMeasured,
        service=texts,
        instance=texts,
        every=st.floats(0.1, 60),
        not_ready=st.lists(st.builds(Missing, name=texts, reason=texts, since=texts)).map(tuple),
        handled=maybe,
        pending=maybe,
        lag=st.none() | st.dictionaries(texts, count),
        ring_fill=st.none() | st.floats(0, 1),
    )


@st.composite
def envelopes(draw: st.DrawFn) -> Envelope[Event]:
    return Envelope[Event](
        data=draw(st.sampled_from(list(EVENT_TYPES.values())).flatmap(data_of)),
        id=draw(st.uuids()),
        source=draw(st.sampled_from(["/users_service", "/x"])),
        time=draw(times),
        subject=draw(subjects),
        correlation_id=draw(subjects),
        causation_id=draw(st.none() | subjects),
        traceparent=draw(st.none() | subjects),
    )


@given(envelopes())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_an_event_comes_back_as_it_was(envelope: Envelope[Event]) -> None:
    record = read(encode(envelope))
    found = decode(record)
    assert found == envelope
    assert _as_we_write(dict(record.headers)), "what we write ourselves is read the short way"
    assert type(found.data) is type(envelope.data)


@given(envelopes())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_record_is_what_the_library_of_cloudevents_would_write(envelope: Envelope[Event]) -> None:
    record = encode(envelope)
    assert record.value is not None
    attributes = {
        "specversion": "1.0",
        "id": str(envelope.id),
        "source": envelope.source,
        "type": envelope.data.type,
        "time": envelope.time,
        "subject": envelope.subject,
        "correlationid": envelope.correlation_id,
        "causationid": envelope.causation_id,
        "datacontenttype": "application/json",
    }
    there = {name: value for name, value in attributes.items() if value is not None}
    data = json.loads(record.value)
    message = to_binary(CloudEvent(there, data), JSONFormat())
    headers = {name: value for name, value in record.headers if name != "traceparent"}
    assert headers == message.headers
    assert data == json.loads(message.value)


names = st.sampled_from(
    ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject", "ce_correlationid",
     "ce_causationid", "ce_", "ce_data", "ce_datacontenttype", "ce_dataschema", "ce_Größe", 
     "content-type", "traceparent", "x"]
)  # fmt: skip
likely = st.sampled_from(
    [b"1.0", b"/users_service", b"users.registered.v1", b"2026-11-21T03:11:04.123Z", b"key", b"",
     b"2026-11-21", b"9999-12-31T23:59:59-14:00", b"0001-01-01T00:00:00+14:00",
     b"00000000-0000-0000-0000-000000000001",
     b"%ff%00", b"\xff", b"application/json; charset=utf-16", b"application/cloudevents+json"]
)  # fmt: skip
values = (
    st.none()
    | st.binary(max_size=80)
    | st.sampled_from(
        [
            b"{}",
            b"[]",
            b"null",
            b"1e999",
            b'{"message":"m","user":"u"}',
            b'{"message":"\\ud800","user":"u"}',
            b"[" * 5000,
        ]
    )
)


@given(
    st.none() | st.just(b"key") | st.binary(max_size=5),
    values,
    st.lists(
        st.tuples(names | st.text(max_size=5), st.none() | likely | st.binary(max_size=20)), max_size=14
    ),
    st.booleans(),
)
@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_lies_on_a_topic_is_decoded_or_undecodable(
    key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes | None]], complete: bool
) -> None:
    """Half of the time all that is required is there, so that what follows is reached too."""
    required = {
        "ce_specversion": b"1.0", "ce_id": b"00000000-0000-0000-0000-000000000001", "ce_source": b"/x",
        "ce_type": b"users.registered.v1", "ce_time": b"2026-11-21T03:11:04Z", "ce_subject": b"key",
    }  # fmt: skip
    record = Read(key, value, [*required.items(), *headers] if complete else headers)
    error: Undecodable | None = None
    try:
        assert encode(decode(record)).key == key
    except Undecodable as undecodable:
        error = undecodable
    assert error is None or (str(error) and "\n" not in str(error))


ours = {
    "ce_specversion": b"1.0", "ce_id": b"00000000-0000-0000-0000-000000000001", "ce_source": b"/x",
    "ce_type": b"users.registered.v1", "ce_time": b"2026-11-21T03:11:04Z", "ce_subject": b"key",
    "content-type": b"application/json",
}  # fmt: skip
moments = st.from_regex(
    r"\A2026-(0[1-9]|1[0-2])-[0-2][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]"
    r"([.,][0-9]{1,7})?(Z|z|[+-][01][0-9]:?[0-5][0-9])?\Z"
)


@given(
    st.dictionaries(names, st.none() | likely | st.binary(max_size=20), max_size=3),
    st.none() | moments | texts,
    st.booleans(),
)
@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_read_the_short_way_is_what_the_library_reads(
    changed: dict[str, bytes | None], time: str | None, extended: bool
) -> None:
    more = {"ce_correlationid": b"c", "ce_causationid": b"d", "traceparent": b"\xff"} if extended else {}
    moment = {} if time is None else {"ce_time": time.encode()}
    headers: Any = ours | more | changed | moment
    found = _as_we_write(headers)
    assert found is None or found == _as_anybody_may(headers, b"{}")


@pytest.mark.parametrize("name", sorted(EVENT_TYPES.keys() - UPCASTERS.keys()))
def test_the_golden_message_is_read_and_written_as_it_always_was(name: str) -> None:
    sample = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    headers = [(header, text.encode()) for header, text in sample["headers"].items()]
    record = Outgoing(sample["topic"], sample["key"].encode(), sample["value"].encode(), headers)
    written = encode(decode(read(record)))
    assert dict(written.headers) == dict(headers)
    assert (written.topic, written.key, written.value) == (record.topic, record.key, record.value)


def test_every_type_has_its_golden_message_and_no_other_is_there() -> None:
    assert {path.stem for path in SAMPLES.glob("*.json")} == set(EVENT_TYPES)


def test_an_unknown_field_of_a_newer_producer_is_ignored() -> None:
    sample = json.loads((SAMPLES / "users.registered.v1.json").read_text(encoding="utf-8"))
    value = json.dumps({**json.loads(sample["value"]), "shoe_size": 43}).encode()
    headers = [(header, text.encode()) for header, text in sample["headers"].items()]
    assert decode(Read(sample["key"].encode(), value, headers)).data.type == "users.registered.v1"


@pytest.mark.parametrize(
    "changed",
    [{"ce_\u202e\x1b[31m": b"x"}, {"ce_type": b"\x1b\xe2\x80\xa8"}, {"ce_id": b"\x1b[31m\r\n"}],
    ids=["name of a header", "type", "id"],
)
def test_a_reason_is_one_printable_line_whatever_it_quotes(changed: dict[str, bytes]) -> None:
    with pytest.raises(Undecodable) as refused:
        decode(Read(b"key", b"{}", list((ours | changed).items())))
    assert str(refused.value).isprintable()
