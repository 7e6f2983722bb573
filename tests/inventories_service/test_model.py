"""The rules of stock: a level is the sum of its movements and never below zero."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts import Envelope, Event, StockMoved, StockRanLow, StockRefused, StockRequested
from event_bus import Refusal, State
from inventories_service.handlers import Shelves, moved
from inventories_service.model import MovementRequest, Product

LOW = 5
SHELVES = Shelves(default_product="standard", low_level=LOW)
STOCKED = Product().move(8, "t", "delivery")


def requested(quantity: int, product: str | None = "mug") -> Envelope[StockRequested]:
    return Envelope(
        data=StockRequested(payment_id="p1", quantity=quantity, product=product),
        id=UUID(int=7),
        source="/payments_service",
        time=datetime(2026, 11, 21, 3, 11, 4, 123999, tzinfo=UTC),
        subject="p1",
        correlation_id="c1",
    )


@pytest.mark.parametrize(
    ("text", "shown"), [("5", "5"), ("-5", "-5"), ("+05", "5"), ("-007", "-7"), ("9999999", "9999999")]
)
def test_a_quantity_is_a_signed_whole_number(text: str, shown: str) -> None:
    assert MovementRequest(quantity=text, reason="r").quantity == shown


BAD_QUANTITIES = [
    "", "0", "-0", "+0", "0000000", "1.5", "1.0", "1e3", "1E3", " 1", "1 ", "1\n", "--1", "+-1", "-", "0x1", "1_0",
    "1,5", "NaN", "\u0663", "\uff11", "\u22121", "10000000", "00000001", "-10000000", "many",
]  # fmt: skip


@pytest.mark.parametrize("text", BAD_QUANTITIES)
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="quantity"):
        MovementRequest(quantity=text, reason="r")


def test_a_sale_takes_all_pieces_and_says_so() -> None:
    change = SHELVES.sell(requested(2), STOCKED)
    assert change.state is not None
    assert change.state["level"] == 6
    assert change.state["movements"][-1] == {
        "number": 2, "time": "2026-11-21T03:11:04.123+00:00", "quantity": -2, "level": 6, "reason": "sold",
        "payment_id": "p1",
    }  # fmt: skip
    assert change.events == [
        StockMoved(product="mug", quantity=-2, level=6, number=2, reason="sold", payment_id="p1")
    ]


def test_a_sale_of_more_than_is_there_takes_nothing() -> None:
    change = SHELVES.sell(requested(9), STOCKED)
    assert change.state is None
    assert change.events == [
        StockRefused(product="mug", quantity=9, level=8, reason="out of stock", payment_id="p1")
    ]


@pytest.mark.parametrize("state", [None, {}], ids=["never heard of", "asked for before"])
def test_a_product_without_a_movement_is_none(state: State | None) -> None:
    (refused,) = SHELVES.sell(requested(1), state).events
    assert isinstance(refused, StockRefused)
    assert refused.reason == "no such product"


def test_a_product_that_is_sold_out_is_one() -> None:
    empty = Product().move(0, "t", "initial stock")
    (refused,) = SHELVES.sell(requested(1), empty).events
    assert isinstance(refused, StockRefused)
    assert refused.reason == "out of stock"


@pytest.mark.parametrize("quantity", [0, -1])
def test_nobody_buys_less_than_one_piece(quantity: int) -> None:
    with pytest.raises(Refusal):
        SHELVES.sell(requested(quantity), STOCKED)


def test_a_payment_without_a_product_buys_the_default_one() -> None:
    assert SHELVES.product_of(requested(1, None).data) == "standard"
    assert SHELVES.product_of(requested(1, "mug").data) == "mug"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [(6, 5, False), (5, 4, True), (9, 0, True), (4, 3, False), (3, 9, False), (9, 9, False)],
)
def test_it_has_run_low_when_it_falls_below_the_threshold(before: int, after: int, told: bool) -> None:
    product = Product(level=before, moved=1)
    events = moved("mug", product, product.move(after - before, "t", "r"), LOW)
    assert [event for event in events if isinstance(event, StockRanLow)] == told * [
        StockRanLow(message=f"mug runs low: {after} left", product="mug", pieces=after, threshold=LOW)
    ]


steps = st.lists(st.tuples(st.booleans(), st.integers(-40, 40).filter(bool)), max_size=60)


@given(steps)
def test_a_level_is_the_sum_of_its_movements_and_never_below_zero(story: list[tuple[bool, int]]) -> None:
    """Any bookings and sales: what is refused leaves no trace, what is done is a line without a gap before it."""
    state: State | None = None
    events: list[Event] = []
    for by_payment, quantity in story:
        before = state
        state, caused = sold(state, abs(quantity)) if by_payment else booked(state, quantity)
        events += caused
        assert (state is before) == (not any(isinstance(event, StockMoved) for event in caused))
    found = Product.of(state)
    levels = [sum(m["quantity"] for m in found.movements[: place + 1]) for place in range(found.moved)]
    assert [m["level"] for m in found.movements] == levels
    assert [m["number"] for m in found.movements] == list(range(1, found.moved + 1))
    assert found.level == (levels[-1] if levels else 0)
    assert min(levels, default=0) >= 0
    told = [event for event in events if isinstance(event, StockMoved)]
    assert [(event.number, event.quantity, event.level) for event in told] == [
        (m["number"], m["quantity"], m["level"]) for m in found.movements
    ]


def sold(state: State | None, quantity: int) -> tuple[State | None, list[Event]]:
    change = SHELVES.sell(requested(quantity), state)
    return (state if change.state is None else change.state), list(change.events)


def booked(state: State | None, quantity: int) -> tuple[State | None, list[Event]]:
    before = Product.of(state)
    try:
        after = before.move(quantity, "t", "delivery")
    except ValueError:
        return state, []
    return after, list(moved("mug", before, after, LOW))
