"""The notification that a product runs low: at the crossing of the threshold, and not at each sale below it."""

import httpx2 as httpx

from tests.flows.shops import OpenShop
from tests.flows.topics import lines_of, types_of
from tests.inventories_service.warehouse import book, sell, something, told


async def sentences(shop: OpenShop, product: str, movements: int) -> list[str]:
    """What people were told, once the last of so many movements has been told to the services.

    The last one must cross nothing: events of a product leave in their order.
    """
    await told(shop, "stock", product, movements)
    told_to_people = [r for r in await shop.records("notifications") if r.key == product.encode()]
    assert set(types_of(told_to_people)) <= {"stock.ran_low.v1"}
    return [line["message"] for line in lines_of(told_to_people)]


async def test_it_is_told_at_the_crossing_and_again_after_a_refill(
    shared: OpenShop, http: httpx.AsyncClient
) -> None:
    product = something()
    for quantity in (6, -1, -1, -1, -1, 10, -2, -7, 1):  # levels 6 5 4 3 2 12 10 3 4
        assert (await book(http, shared.inventories, product, quantity)).status_code == 201
    assert await sentences(shared, product, 9) == [
        f"{product} runs low: 4 left",
        f"{product} runs low: 3 left",
    ]


async def test_sales_tell_it_once_too(shared: OpenShop, http: httpx.AsyncClient) -> None:
    product = something()
    await book(http, shared.inventories, product, 7)
    for _ in range(4):  # levels 6 5 4 3
        await sell(http, shared, product)
    assert await sentences(shared, product, 5) == [f"{product} runs low: 4 left"]


async def test_what_begins_below_the_threshold_has_not_fallen_below_it(
    shared: OpenShop, http: httpx.AsyncClient
) -> None:
    product = something()
    for quantity in (3, -1):
        await book(http, shared.inventories, product, quantity)
    assert await sentences(shared, product, 2) == []
