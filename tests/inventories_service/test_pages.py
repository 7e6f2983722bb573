"""A ledger that outgrows its document: the older movements go to pages, and a crash in between changes nothing."""

import asyncio
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import pytest

from contracts import Envelope, StockRequested
from event_bus import Apply, Database, DatabaseUnavailable, Input
from inventories_service import repository
from inventories_service.handlers import Shelves
from inventories_service.model import MovementRequest
from inventories_service.repository import PAGE, Products
from tests.event_bus.inputs import given

SERVICE = "inventories_service"
SHELVES = Shelves("standard", 5)
SALE = Apply(StockRequested, to=SHELVES.product_of, by=SHELVES.sell)


def sales(product: str, numbers: range) -> list[Input]:
    return [sale(product, number) for number in numbers]


def sale(product: str, offset: int) -> Input:
    """One piece; the payment is named after the place of its record."""
    asked = StockRequested(payment_id=f"p{offset}", quantity=1, product=product)
    return given(Envelope.born(asked, "payments_service", "a-request"), offset, "inventories-0", SALE)


@pytest.fixture
def products(database: Database) -> Products:
    return Products(database, 20_000, SERVICE, {})


async def book(products: Products, product: str, quantity: int, key: str | None = None) -> int:
    request = MovementRequest(quantity=str(quantity), reason="delivery")
    movement = await products.book(product, request, key, lambda before, after: ())
    return int(movement["number"])


async def sell(products: Products, batch: Sequence[Input]) -> None:
    """As the consumer does it; nothing of it is refused."""

    async def bury(refused: Sequence[Any]) -> None:
        assert not refused

    await products.apply(SERVICE, batch, bury)


async def fill(products: Products, product: str, movements: int) -> None:
    for _ in range(movements):
        await book(products, product, 1)


async def whole(products: Products, product: str) -> Sequence[Any]:
    """The ledger, the oldest first."""
    found = await products.get(product, None, 10_000)
    assert found is not None
    known, movements = found
    ledger = movements[::-1]
    assert [m["number"] for m in ledger] == list(range(1, known.moved + 1))
    assert [m["level"] for m in ledger] == list(accumulate(m["quantity"] for m in ledger))
    assert known.level == ledger[-1]["level"]
    return ledger


async def stored(database: Database) -> list[tuple[int, int]]:
    """The first number and the length of each page."""
    found = await database.collection("movements").find().to_list(None)
    return sorted((page["movements"][0]["number"], len(page["movements"])) for page in found)


def dies_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between “the page is written” and “it is taken from the document”."""
    step = repository._without
    deaths = iter([DatabaseUnavailable("away")])

    def dying(page: Any) -> Any:
        for death in deaths:
            raise death
        return step(page)

    monkeypatch.setattr(repository, "_without", dying)


async def test_with_two_pages_of_movements_the_older_one_leaves_the_document(
    database: Database, products: Products
) -> None:
    await fill(products, "mug", 2 * PAGE - 1)
    assert await stored(database) == []
    await fill(products, "mug", 1)
    assert await stored(database) == [(1, PAGE)]
    await fill(products, "mug", PAGE)
    assert await stored(database) == [(1, PAGE), (PAGE + 1, PAGE)]
    state = await products.states.get("mug")
    assert state is not None
    assert [m["number"] for m in state["movements"]] == list(range(2 * PAGE + 1, 3 * PAGE + 1))
    assert len(await whole(products, "mug")) == 3 * PAGE


async def test_a_crash_while_a_booking_turns_the_page_loses_and_doubles_nothing(
    database: Database, products: Products, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(products, "mug", 2 * PAGE - 1)
    dies_once(monkeypatch)
    await book(products, "mug", 1, "key")  # it is booked, though its page could not be turned
    assert await stored(database) == [(1, PAGE)]
    assert len(await whole(products, "mug")) == 2 * PAGE
    after = Products(database, 20_000, SERVICE, {})  # another process
    assert await book(after, "mug", 1, "key") == 2 * PAGE  # the repetition finds what was booked
    assert await book(after, "mug", 1) == 2 * PAGE + 1
    assert await stored(database) == [(1, PAGE)]
    assert len(await whole(after, "mug")) == 2 * PAGE + 1
    state = await after.states.get("mug")
    assert state is not None
    assert len(state["movements"]) == PAGE + 1


async def test_a_crash_while_a_sale_turns_the_page_sells_nothing_twice(
    database: Database, products: Products, monkeypatch: pytest.MonkeyPatch
) -> None:
    await book(products, "mug", 1000)
    await sell(products, sales("mug", range(2 * PAGE - 2)))
    batch = sales("mug", range(2 * PAGE - 2, 2 * PAGE + 8))
    dies_once(monkeypatch)
    await sell(products, batch)
    after = Products(database, 20_000, SERVICE, {})
    await sell(after, batch)  # read again, as the offset was not committed
    await sell(after, [sale("mug", 2 * PAGE + 8)])
    ledger = await whole(after, "mug")
    assert [m["payment_id"] for m in ledger[1:]] == [f"p{number}" for number in range(2 * PAGE + 9)]
    assert ledger[-1]["level"] == 1000 - (2 * PAGE + 9)
    assert await stored(database) == [(1, PAGE)]


async def test_one_large_batch_turns_several_pages(database: Database, products: Products) -> None:
    await book(products, "mug", 4 * PAGE)
    await sell(products, sales("mug", range(4 * PAGE)))
    assert await stored(database) == [(1, PAGE), (PAGE + 1, PAGE), (2 * PAGE + 1, PAGE)]
    assert len(await whole(products, "mug")) == 4 * PAGE + 1


async def test_several_processes_that_turn_the_same_page_turn_it_once(
    database: Database, products: Products
) -> None:
    await fill(products, "mug", 2 * PAGE - 4)
    others = [Products(database, 20_000, SERVICE, {}) for _ in range(4)]
    await asyncio.gather(*(book(other, "mug", 1) for other in others for _ in range(4)))
    assert await stored(database) == [(1, PAGE)]
    assert len(await whole(products, "mug")) == 2 * PAGE + 12


async def test_a_key_is_found_while_its_movement_is_on_its_way_to_a_page(
    products: Products, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not yet on a page when the repetition looks at these, nor any more in the document when it looks at that."""
    assert await book(products, "mug", 1, "key") == 1
    await fill(products, "mug", 2 * PAGE - 2)
    look_on_pages = products._on_a_page

    async def looking(product: str, key: str) -> Any:
        found = await look_on_pages(product, key)
        monkeypatch.undo()
        await book(products, "mug", 1)
        return found

    monkeypatch.setattr(products, "_on_a_page", looking)
    assert await book(products, "mug", 1, "key") == 1
    assert len(await whole(products, "mug")) == 2 * PAGE


async def test_a_page_is_no_product(products: Products) -> None:
    await fill(products, "mug", 2 * PAGE)
    assert await products.levels("", 10) == [("mug", 2 * PAGE)]
