"""The glossary keeps its own rules: names in the past tense with a version, topics that exist, ids that repeat."""

import re
from uuid import uuid4, uuid5

import pytest
from pydantic import ValidationError

from contracts import (
    EVENT_TYPES,
    Envelope,
    Event,
    LogLine,
    Notification,
    PaymentAccepted,
    PaymentRefunded,
    ServiceMeasured,
    StockMoved,
    StockRanLow,
    StockRefused,
    StockRequested,
)
from contracts.topics import ALL, INVENTORIES, NOTIFICATIONS, STOCK


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


REFUNDED = PaymentRefunded(
    message="m", user="guest", payment_id="p1", amount="25.00", currency="EUR", method="card", reason="r"
)
MOVED = StockMoved(product="mug", level=4, quantity=-1, number=2, reason="sold", payment_id="p1")
REFUSED = StockRefused(product="mug", level=0, quantity=1, reason="out of stock", payment_id="p1")
RAN_LOW = StockRanLow(message="mug runs low: 4 left", product="mug", pieces=4, threshold=5)


@pytest.mark.parametrize(
    ("event", "topic", "subject"),
    [
        (StockRequested(payment_id="p1", quantity=1, product="mug"), INVENTORIES, "p1"),
        (MOVED, STOCK, "mug"),
        (REFUSED, STOCK, "mug"),
        (RAN_LOW, NOTIFICATIONS, "mug"),
        (REFUNDED, NOTIFICATIONS, "p1"),
    ],
    ids=lambda value: getattr(value, "type", None),
)
def test_what_happens_to_stock_keeps_the_order_of_its_product_and_to_money_that_of_its_payment(
    event: Event, topic: object, subject: str
) -> None:
    assert (event.topic, event.subject()) == (topic, subject)


def test_a_refund_is_news_and_a_product_that_runs_low_is_a_warning() -> None:
    assert (REFUNDED.level, RAN_LOW.level) == ("INFO", "WARNING")


def test_what_was_not_sold_for_a_payment_says_nothing_of_one() -> None:
    by_hand = StockMoved(product="mug", level=4, quantity=4, number=1, reason="delivery")
    assert "payment_id" not in by_hand.to_json()


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_number_of_json_is_none_of_an_event(number: str) -> None:
    """It was read, and then written as null."""
    with pytest.raises(ValidationError):
        ServiceMeasured.model_validate_json(f'{{"service":"s","instance":"i","every":{number}}}')
