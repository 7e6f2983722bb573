"""The rules of a payment."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from payments_service.model import Money, PayRequest, declined, fingerprint, payment_id, sentence


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("25", "25.00"),
        ("25.5", "25.50"),
        ("25.00", "25.00"),
        ("0.01", "0.01"),
        ("007", "7.00"),
        ("9" * 12, "9" * 12 + ".00"),
    ],
)
def test_an_amount_is_counted_in_cents(text: str, shown: str) -> None:
    assert str(Money.parse(text, "EUR")) == shown


@given(st.integers(min_value=1, max_value=10**14 - 1))
def test_what_is_shown_is_what_was_said(minor: int) -> None:
    money = Money(minor, "EUR")
    assert Money.parse(str(money), "EUR") == money


BAD_AMOUNTS = [
    "0", "0.00", "-1", "+1", "1e3", "1E3", "NaN", "Infinity", "1_0", "1,5", "1.", ".5", "1.001", " 1", "1 ", "1\n",
    "0x1", "\u0663", "\uff11", "1" * 13, "",
]  # fmt: skip


@pytest.mark.parametrize("text", BAD_AMOUNTS)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="amount"):
        PayRequest(amount=text)


@pytest.mark.parametrize("text", ["0", "0000", "-1", "1.0", "1e1", "10000", "", " 1", "1\n", "\u0661", "one"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="quantity"):
        PayRequest(quantity=text)


def test_the_fingerprint_is_of_what_is_meant_and_not_of_how_it_is_written() -> None:
    assert fingerprint("alice", PayRequest()) == fingerprint(
        "alice", PayRequest(amount="025.0", quantity="01", currency="EUR", method="card", product=None)
    )


@pytest.mark.parametrize(
    "change",
    [
        {"amount": "25.01"},
        {"currency": "USD"},
        {"quantity": "2"},
        {"product": "p"},
        {"order_id": "o"},
        {"reference": "r"},
    ],
)
def test_each_field_changes_the_fingerprint(change: dict[str, str]) -> None:
    assert fingerprint("alice", PayRequest(**change)) != fingerprint("alice", PayRequest())


def test_the_payer_belongs_to_the_fingerprint() -> None:
    assert fingerprint("alice", PayRequest()) != fingerprint("bob", PayRequest())


def test_with_a_key_the_id_is_always_the_same_and_without_always_new() -> None:
    assert payment_id("alice", "k", "f") == payment_id("alice", "k", "f")
    others = [("bob", "k", "f"), ("alice", "l", "f"), ("alice", "k", "g")]
    assert payment_id("alice", "k", "f") not in {payment_id(*other) for other in others}
    assert payment_id("alice", None, "f") != payment_id("alice", None, "f")


def test_the_draw_follows_the_rate_and_is_the_same_each_time() -> None:
    payments = [uuid4() for _ in range(2000)]
    assert not any(declined(payment, 0.0) for payment in payments)
    assert all(declined(payment, 1.0) for payment in payments)
    drawn = [declined(payment, 0.25) for payment in payments]
    assert drawn == [declined(payment, 0.25) for payment in payments]
    assert 380 < sum(drawn) < 620  # six standard deviations around 500


def test_the_reference_ends_the_sentence() -> None:
    assert sentence("guest", "paid", "25.00", "EUR", None) == "guest paid 25.00 EUR"
    assert sentence("guest", "paid", "25.00", "EUR", "r17") == "guest paid 25.00 EUR (reference r17)"
