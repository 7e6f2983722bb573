"""What must not get into the stock: a status for each, and nothing is stored or published."""

import asyncio
import json
from collections.abc import Iterator
from urllib.parse import quote

import httpx2 as httpx
import pytest
from pymongo import MongoClient

from dev.waiting import until
from tests.flows.bad_bodies import BAD_BODIES, BadBody
from tests.flows.shops import OpenShop
from tests.inventories_service.test_model import BAD_QUANTITIES
from tests.inventories_service.warehouse import book, path, something

GOOD = {"quantity": "1", "reason": "delivery"}


def traces(shop: OpenShop) -> tuple[int, int]:
    """How much there is of what a movement leaves behind; the first look seeds."""
    assert httpx.get(f"{shop.inventories}/stock").status_code == 200
    with MongoClient(shop.mongo.uri) as client:
        products = client[shop.environment["INVENTORIES_DATABASE"]].products
        assert until(lambda: not products.count_documents({"pending_since": {"$gt": 0}}), 20)
        return products.count_documents({}), len(asyncio.run(shop.records("stock")))


@pytest.fixture(autouse=True, scope="module")
def nothing_was_stored_or_published(shared: OpenShop) -> Iterator[None]:
    before = traces(shared)
    yield
    assert traces(shared) == before


def movements(shop: OpenShop, product: str | None = None) -> str:
    return f"{shop.inventories}{path(product or something())}/movements"


@pytest.mark.parametrize("bad", BAD_BODIES, ids=lambda bad: bad.what)
async def test_a_body_that_is_not_what_it_claims_to_be(
    shared: OpenShop, http: httpx.AsyncClient, bad: BadBody
) -> None:
    answer = await http.post(movements(shared), content=bad.body(GOOD), headers=bad.headers)
    assert (answer.status_code, answer.headers["content-type"]) == (bad.status, "application/problem+json")


@pytest.mark.parametrize(
    ("field", "text"),
    [
        *(("quantity", text) for text in BAD_QUANTITIES),
        *(
            ("reason", text)
            for text in [
                "",
                "x" * 201,
                "a\nb",
                "a\tb",
                "a\x00b",
                "a\x1bb",
                "a\u0085b",
                "a\u2028b",
                "a\u202eb",
            ]
        ),
    ],
)
async def test_a_field_against_the_rules_is_422_as_form_and_as_json(
    shared: OpenShop, http: httpx.AsyncClient, field: str, text: str
) -> None:
    as_form = await http.post(movements(shared), data=GOOD | {field: text})
    as_json = await http.post(movements(shared), json=GOOD | {field: text})
    assert (as_form.status_code, as_json.status_code) == (422, 422)
    assert as_form.json()["errors"] == as_json.json()["errors"]
    assert [error["field"] for error in as_form.json()["errors"]] == [field]


@pytest.mark.parametrize(
    ("fields", "missing"),
    [({}, ["quantity", "reason"]), ({"quantity": "1"}, ["reason"]), ({"reason": "r"}, ["quantity"])],
)
async def test_quantity_and_reason_have_to_be_there(
    shared: OpenShop, http: httpx.AsyncClient, fields: dict[str, str], missing: list[str]
) -> None:
    answer = await http.post(movements(shared), data=fields)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == missing


@pytest.mark.parametrize(
    "body",
    ['{"quantity":1.5,"reason":"r"}', '{"quantity":1e3,"reason":"r"}', '{"quantity":1.0,"reason":"r"}',
     '{"quantity":0,"reason":"r"}', '{"quantity":true,"reason":"r"}', '{"quantity":null,"reason":"r"}',
     '{"quantity":[1],"reason":"r"}', '{"quantity":12345678,"reason":"r"}', '{"quantity":1,"reason":null}',
     '{"quantity":1,"reason":{"$ne":""}}', '{"quantity":7.5e1000,"reason":"r"}'],
)  # fmt: skip
async def test_json_of_another_kind_is_422(shared: OpenShop, http: httpx.AsyncClient, body: str) -> None:
    headers = {"Content-Type": "application/json"}
    assert (await http.post(movements(shared), content=body, headers=headers)).status_code == 422


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "\u00e9", "tab\there"])
async def test_a_key_that_is_no_key_is_400(shared: OpenShop, http: httpx.AsyncClient, key: str) -> None:
    headers = [(b"Idempotency-Key", key.encode("latin-1"))]
    assert (await http.post(movements(shared), data=GOOD, headers=headers)).status_code == 400


@pytest.mark.parametrize("product", ["x" * 65, "a\nb", "\x00", "\x1b[31m", "mug\u202e", "a\u2028b", "a/b"])
async def test_what_can_not_be_the_name_of_a_product_is_404(
    shared: OpenShop, http: httpx.AsyncClient, product: str
) -> None:
    assert (await book(http, shared.inventories, product, 1)).status_code == 404


@pytest.mark.parametrize("name", ["%FF", "%FE", "m%FCg", "%ED%A0%80"])
async def test_a_name_that_is_not_utf_8_is_400(shared: OpenShop, http: httpx.AsyncClient, name: str) -> None:
    """Read with replacements, %FF and %FE would be one product."""
    url = f"{shared.inventories}/stock/{name}"
    assert (await http.post(f"{url}/movements", data=GOOD)).status_code == 400
    assert (await http.get(url)).status_code == 400


async def test_an_error_does_not_repeat_what_was_sent(shared: OpenShop, http: httpx.AsyncClient) -> None:
    answers = [
        await http.post(movements(shared), json={"quantity": "geheim", "reason": "geheim\n"}),
        await http.get(f"{shared.inventories}/stock?limit=geheim"),
        await http.get(f"{shared.inventories}/stock/{quote('geheim')}"),
    ]
    assert [answer.status_code for answer in answers] == [422, 422, 404]
    assert "geheim" not in json.dumps([answer.json() for answer in answers])
