"""Booking pieces that come or go: what is answered, what is published, and what becomes of what comes twice."""

import asyncio
from typing import Any

import httpx2 as httpx
import pytest

from inventories_service.repository import PAGE
from tests.flows.shops import OpenShop
from tests.flows.topics import lines_of, types_of
from tests.inventories_service.warehouse import book, book_surely, key, ledger, look, path, something, told


@pytest.mark.parametrize(
    "how",
    [
        {"data": {"quantity": "12", "reason": "delivery \u2603"}},
        {"json": {"quantity": 12, "reason": "delivery \u2603"}},
        {"json": {"quantity": "+012", "reason": "delivery \u2603", "unknown": []}},
    ],
    ids=["form", "JSON", "JSON with texts"],
)
async def test_a_movement_is_booked_and_told_on_stock(
    shared: OpenShop, http: httpx.AsyncClient, how: dict[str, Any]
) -> None:
    product, story = something(), key()
    url = f"{shared.inventories}{path(product)}/movements"
    answer = await http.post(url, headers={"X-Request-ID": story}, **how)
    booked = answer.json()
    movement = booked["movement"]
    assert (answer.status_code, booked["product"], booked["level"]) == (201, product, 12)
    assert (movement["number"], movement["quantity"], movement["level"]) == (1, 12, 12)
    assert (await look(http, shared.inventories, product))["movements"] == [movement]
    (record,) = await told(shared, "stock", product)
    assert types_of([record]) == ["stock.moved.v1"]
    assert dict(record.headers)["ce_correlationid"] == story.encode()
    assert lines_of([record]) == [
        {"product": product, "level": 12, "quantity": 12, "number": 1, "reason": "delivery \u2603"}
    ]


async def test_below_zero_is_409_and_changes_nothing(shared: OpenShop, http: httpx.AsyncClient) -> None:
    product = something()
    await book(http, shared.inventories, product, 3)
    before, same = await look(http, shared.inventories, product), key()
    refused = await book(http, shared.inventories, product, -4, key=same)
    assert (refused.status_code, refused.headers["content-type"]) == (409, "application/problem+json")
    assert "only 3" in refused.json()["detail"]
    assert await look(http, shared.inventories, product) == before
    emptied = await book(http, shared.inventories, product, -3, key=same)  # a refusal does not bind its key
    assert (emptied.status_code, emptied.json()["level"]) == (201, 0)
    events = lines_of(await told(shared, "stock", product, 2))
    assert [event["number"] for event in events] == [1, 2]


async def test_nothing_goes_from_what_was_never_there(shared: OpenShop, http: httpx.AsyncClient) -> None:
    product = something()
    assert (await book(http, shared.inventories, product, -1)).status_code == 409
    assert (await http.get(f"{shared.inventories}{path(product)}")).status_code == 404


async def test_the_same_key_again_is_the_same_answer_and_one_movement(
    shared: OpenShop, http: httpx.AsyncClient
) -> None:
    product, headers = something(), {"Idempotency-Key": key()}
    url = f"{shared.inventories}{path(product)}/movements"
    answers = [
        await http.post(url, headers=headers, data={"quantity": "5", "reason": "r"}),
        await http.post(url, headers=headers, data={"quantity": "+005", "reason": "r"}),
        await http.post(url, headers=headers, json={"quantity": 5, "reason": "r", "x": 1}),
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert [m["number"] for m in await ledger(http, shared.inventories, product)] == [1]
    await book(http, shared.inventories, product, 1)  # what was told twice would be there before it
    assert [event["number"] for event in lines_of(await told(shared, "stock", product, 2))] == [1, 2]


@pytest.mark.parametrize("change", [{"quantity": "6"}, {"quantity": "-5"}, {"reason": "R"}])
async def test_the_same_key_for_another_movement_is_422(
    shared: OpenShop, http: httpx.AsyncClient, change: dict[str, str]
) -> None:
    product, headers = something(), {"Idempotency-Key": key()}
    url, fields = f"{shared.inventories}{path(product)}/movements", {"quantity": "5", "reason": "r"}
    first = await http.post(url, headers=headers, data=fields)
    other = await http.post(url, headers=headers, data=fields | change)
    again = await http.post(url, headers=headers, data=fields)
    assert (other.status_code, again.content) == (422, first.content)
    assert "Idempotency-Key" in other.json()["detail"]
    assert (await look(http, shared.inventories, product))["level"] == 5


async def test_a_key_is_known_also_when_its_movement_lies_on_an_old_page(
    shared: OpenShop, http: httpx.AsyncClient
) -> None:
    product, same, url = something(), key(), shared.inventories
    first = await book(http, url, product, 5, key=same)
    await asyncio.gather(*(book(http, url, product, 1) for _ in range(2 * PAGE)))
    again = await book(http, url, product, 5, key=same)
    other = await book(http, url, product, 6, key=same)
    assert (again.status_code, again.content, other.status_code) == (201, first.content, 422)
    assert (await look(http, url, product))["level"] == 5 + 2 * PAGE
    another = something()  # a key belongs to one product, also there
    assert (await book(http, url, another, 5, key=same)).status_code == 201
    assert (await look(http, url, another))["level"] == 5


async def test_a_key_belongs_to_one_product(shared: OpenShop, http: httpx.AsyncClient) -> None:
    same = key()
    booked = [await book(http, shared.inventories, something(), 5, key=same) for _ in range(2)]
    assert [(answer.status_code, answer.json()["movement"]["number"]) for answer in booked] == [(201, 1)] * 2


@pytest.fixture(scope="module")
def replica(shared: OpenShop) -> str:
    """A second process on the same database, in which nobody may book movements by hand."""
    service = shared.spawn("inventories_service", "replica", INVENTORIES_ALLOW_MOVEMENTS="false")
    service.wait_ready()
    return service.url


async def test_where_movements_are_not_allowed_booking_is_403_and_looking_goes_on(
    shared: OpenShop, http: httpx.AsyncClient, replica: str
) -> None:
    product = something()
    await book(http, shared.inventories, product, 5)
    refused = await book(http, replica, product, 5)
    assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")
    assert (await look(http, replica, product))["level"] == 5


async def test_a_hundred_at_once_are_a_hundred_movements_without_a_gap(
    shared: OpenShop, http: httpx.AsyncClient
) -> None:
    """At two processes that change the same document; every third one takes what another one brought."""
    product = something()
    other = shared.spawn("inventories_service", "another replica")
    await asyncio.to_thread(other.wait_ready)
    await book(http, shared.inventories, product, 34, key=key())
    answers = await asyncio.gather(
        *(
            book_surely(http, (shared.inventories, other.url)[n % 2], product, 1 if n % 3 else -1)
            for n in range(100)
        )
    )
    assert {answer.status_code for answer in answers} == {201}
    movements = await ledger(http, shared.inventories, product)
    assert [m["number"] for m in movements] == list(range(1, 102))
    assert [m["level"] for m in movements] == [
        sum(m["quantity"] for m in movements[: n + 1]) for n in range(101)
    ]
    assert movements[-1]["level"] == 34 + 66 - 34
    assert sorted(answer.json()["movement"]["number"] for answer in answers) == list(range(2, 102))
    events = lines_of(await told(shared, "stock", product, 101))
    assert [event["number"] for event in events] == list(range(1, 102))


async def test_one_key_at_once_at_two_processes_is_one_movement(
    shared: OpenShop, http: httpx.AsyncClient
) -> None:
    product, same = something(), key()
    other = shared.spawn("inventories_service", "a third one")
    await asyncio.to_thread(other.wait_ready)
    answers = await asyncio.gather(
        *(book(http, (shared.inventories, other.url)[n % 2], product, 7, key=same) for n in range(20))
    )
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert (await look(http, shared.inventories, product))["level"] == 7
