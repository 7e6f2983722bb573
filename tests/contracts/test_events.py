"""The glossary keeps its own rules: names in the past tense with a version, topics that exist, ids that repeat."""

import re
from uuid import uuid4, uuid5

import pytest

from contracts import EVENT_TYPES, Envelope, Event, LogLine, Notification, PaymentAccepted
from contracts.topics import ALL, NOTIFICATIONS


@pytest.mark.parametrize("name", sorted(EVENT_TYPES))
def test_a_type_has_a_version_a_topic_and_one_sentence(name: str) -> None:
    kind = EVENT_TYPES[name]
    assert re.fullmatch(r"[a-z]+\.[a-z_]+\.v[1-9]", name)
    assert kind.topic in ALL
    assert kind.__doc__
    assert kind.model_config["frozen"]


@pytest.mark.parametrize("kind", [kind for kind in EVENT_TYPES.values() if kind.topic == NOTIFICATIONS])
def test_everything_on_notifications_is_one_sentence_for_people(kind: type[Event]) -> None:
    assert issubclass(kind, Notification)


def paid() -> PaymentAccepted:
    return PaymentAccepted(
        message="m", user="guest", payment_id="p1", amount="25.00", currency="EUR", method="card"
    )


def test_an_event_is_born_about_something_with_the_request_as_its_cause() -> None:
    event = Envelope[Event].born(paid(), "payments_service", "request")
    assert (event.source, event.subject) == ("/payments_service", "p1")
    assert event.correlation_id == event.causation_id == "request"
    assert event.id != Envelope[Event].born(paid(), "payments_service", "request").id


def test_an_event_about_nothing_is_not_born() -> None:
    line = LogLine(
        time="t", level="INFO", service="s", event="e", message="m", event_id="i", correlation_id="c"
    )
    with pytest.raises(ValueError, match="what it is about"):
        Envelope[Event].born(line, "s", "request")


def test_an_outcome_has_the_same_id_each_time_and_says_what_caused_it() -> None:
    cause = Envelope[Event].born(paid(), "payments_service", str(uuid4()), "00-a-b-01")
    one, again = (cause.outcome(paid(), "another_service", "name") for _ in range(2))
    assert one.id == again.id == uuid5(cause.id, "name")
    assert one.id != cause.outcome(paid(), "another_service", "another name").id
    assert (one.source, one.causation_id) == ("/another_service", str(cause.id))
    assert (one.correlation_id, one.traceparent) == (cause.correlation_id, "00-a-b-01")
