"""Reading the stock: products by name, a ledger from its end to its beginning, whatever a product is called."""

from itertools import accumulate
from urllib.parse import quote

import httpx2 as httpx
import pytest

from inventories_service.repository import PAGE
from tests.flows.shops import OpenShop
from tests.inventories_service.warehouse import (
    book,
    ledger,
    look,
    pages,
    path,
    sell,
    something,
    until_refunded,
)

LONG = 4 * PAGE + 44  # three pages of their own, and more than one in the document of the product


@pytest.fixture(scope="module")
def old(shared: OpenShop) -> str:
    """A product with a long ledger: 1, 2, 3 … pieces came."""
    product = something()
    with httpx.Client(timeout=20) as http:
        for number in range(1, LONG + 1):
            fields = {"quantity": str(number), "reason": f"delivery {number}"}
            answer = http.post(f"{shared.inventories}{path(product)}/movements", data=fields)
            assert answer.status_code == 201
    return product


async def test_a_product_is_its_level_and_its_movements_the_latest_first(
    shared: OpenShop, http: httpx.AsyncClient
) -> None:
    product = something()
    for quantity in (7, -2):
        await book(http, shared.inventories, product, quantity, f"by {quantity}")
    seen = await look(http, shared.inventories, product)
    assert (seen["product"], seen["level"]) == (product, 5)
    assert [(m["number"], m["quantity"], m["level"], m["reason"]) for m in seen["movements"]] == [
        (2, -2, 5, "by -2"),
        (1, 7, 7, "by 7"),
    ]
    assert all(movement["time"].endswith("+00:00") for movement in seen["movements"])
    assert seen.get("next") is None


@pytest.mark.parametrize("limit", ["", "?limit=1", "?limit=63", "?limit=64", "?limit=200"])
async def test_a_long_ledger_is_read_by_next_from_its_end_to_its_beginning(
    shared: OpenShop, http: httpx.AsyncClient, old: str, limit: str
) -> None:
    found = await pages(http, shared.inventories, path(old) + limit)
    numbers = [movement["number"] for page in found for movement in page["movements"]]
    assert numbers == list(range(LONG, 0, -1))
    assert {page["level"] for page in found} == {LONG * (LONG + 1) // 2}


async def test_a_long_ledger_has_every_movement_as_it_was_booked(
    shared: OpenShop, http: httpx.AsyncClient, old: str
) -> None:
    found = await ledger(http, shared.inventories, old)
    numbers = range(1, LONG + 1)
    assert [(m["quantity"], m["reason"]) for m in found] == [(n, f"delivery {n}") for n in numbers]
    assert [movement["level"] for movement in found] == list(accumulate(numbers))


EDGES = [
    1,
    2,
    PAGE,
    PAGE + 1,
    PAGE + 2,
    2 * PAGE,
    2 * PAGE + 1,
    3 * PAGE + 1,
    3 * PAGE + 2,
    LONG,
    LONG + 1,
    999_999_999,
]


@pytest.mark.parametrize("before", EDGES)
@pytest.mark.parametrize("limit", [1, PAGE - 1, PAGE, PAGE + 1, 200])
async def test_a_piece_of_it_is_what_was_asked_for(
    shared: OpenShop, http: httpx.AsyncClient, old: str, before: int, limit: int
) -> None:
    seen = (await http.get(f"{shared.inventories}{path(old)}?before={before}&limit={limit}")).json()
    numbers = [movement["number"] for movement in seen["movements"]]
    assert numbers == list(range(min(before - 1, LONG), 0, -1))[:limit]
    assert (seen.get("next") is not None) == (bool(numbers) and numbers[-1] > 1)


async def test_products_are_listed_by_name_and_led_on_by_next(
    shared: OpenShop, http: httpx.AsyncClient
) -> None:
    begin = something()
    products = [f"{begin} {letter}%" for letter in "abcde"]
    for level, product in enumerate(reversed(products), 1):
        await book(http, shared.inventories, product, level)
    found = await pages(http, shared.inventories, f"/stock?after={begin}&limit=2")
    assert all(len(page["products"]) <= 2 for page in found)
    listed = [(line["product"], line["level"]) for page in found for line in page["products"]]
    assert listed[:5] == [(product, 5 - place) for place, product in enumerate(products)]
    assert listed == sorted(set(listed))


@pytest.mark.parametrize(
    "product",
    [
        "tea pot",
        " ",
        "50%",
        "%41",
        "100%25",
        "a+b",
        "a?limit=0",
        "a#b",
        "a&after=z",
        "a;b",
        '"quoted" \\ back',
        "$where",
        "a.b",
        "<script>",
        "\u00e9t\u00e9 \u2603 \u8336",
        "\U0001fad6" * 64,
        "x" * 64,
    ],
)
async def test_a_product_may_have_any_printable_name(
    shared: OpenShop, http: httpx.AsyncClient, product: str
) -> None:
    first = await book(http, shared.inventories, product, 2)
    second = await book(http, shared.inventories, product, 3)
    assert [first.json()["product"], second.json()["product"]] == [product, product]
    latest, oldest = await pages(http, shared.inventories, f"{path(product)}?limit=1")
    assert (latest["product"], latest["level"], oldest["movements"][0]["number"]) == (product, 5, 1)
    listed = (await http.get(f"{shared.inventories}/stock?limit=200")).json()["products"]
    assert {"product": product, "level": 5} in listed
    behind = await http.get(f"{shared.inventories}/stock?limit=200&after={quote(product, safe='')}")
    assert product not in [line["product"] for line in behind.json()["products"]]


@pytest.mark.parametrize("product", ["nothing of that kind", "x" * 65, "a\nb", "\x00", "mug\u202e", "a/b"])
async def test_a_product_that_nobody_knows_is_404(
    shared: OpenShop, http: httpx.AsyncClient, product: str
) -> None:
    answer = await http.get(f"{shared.inventories}{path(product)}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_a_product_that_was_only_asked_for_is_404_and_not_listed(
    shared: OpenShop, http: httpx.AsyncClient
) -> None:
    product = something()
    await until_refunded(http, shared, await sell(http, shared, product))
    assert (await http.get(f"{shared.inventories}{path(product)}")).status_code == 404
    listed = (await http.get(f"{shared.inventories}/stock?after={product[:-1]}&limit=200")).json()
    assert product not in [line["product"] for line in listed["products"]]
    booked = await book(http, shared.inventories, product, 3)  # and from now on it is one
    assert (booked.status_code, booked.json()["movement"]["number"], booked.json()["level"]) == (201, 1, 3)


BAD_NUMBERS = [
    "",
    "0",
    "-1",
    "+1",
    "1.5",
    "1e1",
    "x",
    " 1",
    "1 ",
    "1_0",
    "0x1",
    "\u0661",
    "\uff11",
    "1000000001",
]


@pytest.mark.parametrize(
    ("where", "name", "text"),
    [
        *(("/stock/mug", "before", text) for text in BAD_NUMBERS),
        *((where, "limit", text) for where in ("/stock", "/stock/mug") for text in [*BAD_NUMBERS, "201"]),
    ],
)
async def test_a_parameter_that_is_no_number_in_its_range_is_422(
    shared: OpenShop, http: httpx.AsyncClient, where: str, name: str, text: str
) -> None:
    answer = await http.get(f"{shared.inventories}{where}?{name}={quote(text)}")
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert [error["field"] for error in answer.json()["errors"]] == [name]
