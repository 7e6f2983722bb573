"""The rules of a payment."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from payments_service.model import Money, PayRequest, declined, payment_id, sentence


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


def test_with_a_key_the_same_request_has_the_same_id_however_it_is_written() -> None:
    again = PayRequest(amount="025.0", quantity="01", currency="EUR", method="card", product=None)
    assert payment_id("alice", "k", PayRequest()) == payment_id("alice", "k", again)


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
def test_each_field_changes_the_id(change: dict[str, str]) -> None:
    assert payment_id("alice", "k", PayRequest(**change)) != payment_id("alice", "k", PayRequest())


def test_payer_and_key_belong_to_the_id() -> None:
    others = [("bob", "k"), ("alice", "l")]
    assert payment_id("alice", "k", PayRequest()) not in {payment_id(*o, PayRequest()) for o in others}


def test_without_a_key_each_payment_is_a_new_one() -> None:
    assert payment_id("alice", None, PayRequest()) != payment_id("alice", None, PayRequest())


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
