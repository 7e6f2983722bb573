"""What must not get in at /pay: a status for each, and nothing is stored or published."""

import asyncio
import json
from collections.abc import Iterator

import httpx2 as httpx
import pytest
from pymongo import MongoClient

from tests.flows.bad_bodies import BAD_BODIES, BadBody
from tests.flows.shops import OpenShop
from tests.payments_service.test_model import BAD_AMOUNTS


def traces(shop: OpenShop) -> tuple[int, int, int]:
    """How much there is of what a payment leaves behind."""
    topics = [len(asyncio.run(shop.records(topic))) for topic in ("notifications", "inventories")]
    with MongoClient(shop.mongo.uri) as client:
        stored = client[shop.environment["PAYMENTS_DATABASE"]].payments.count_documents({})
    return stored, topics[0], topics[1]


@pytest.fixture(autouse=True, scope="module")
def nothing_was_stored_or_published(shared: OpenShop) -> Iterator[None]:
    before = traces(shared)
    yield
    assert traces(shared) == before


@pytest.mark.parametrize("bad", BAD_BODIES, ids=lambda bad: bad.what)
async def test_a_body_that_is_not_what_it_claims_to_be(
    shared: OpenShop, http: httpx.AsyncClient, bad: BadBody
) -> None:
    answer = await http.post(f"{shared.payments}/pay", content=bad.body({"amount": "1"}), headers=bad.headers)
    assert answer.status_code == bad.status
    assert answer.headers["content-type"] == "application/problem+json"
    assert ("accept-post" in answer.headers) == (bad.status == 415)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        *(("amount", text) for text in [*BAD_AMOUNTS, "10000.01", "999999999999"]),
        *(("quantity", text) for text in ["", "0", "-1", "1.5", "1e1", "10000", "\u0661", " 1"]),
        *(("currency", text) for text in ["", "eur", "EURO", "XXX", "E\u0000R"]),
        *(("method", text) for text in ["", "cash", "CARD"]),
        *(
            (field, text)
            for field in ("product", "order_id", "reference")
            for text in (
                "",
                "x" * 65,
                "a\nb",
                "a\rb",
                "a\tb",
                "a\x00b",
                "a\x1bb",
                "a\u0085b",
                "a\u2028b",
                "a\u202eb",
            )
        ),
    ],
)
async def test_a_field_against_the_rules_is_422_as_form_and_as_json(
    shared: OpenShop, http: httpx.AsyncClient, field: str, text: str
) -> None:
    as_form = await http.post(f"{shared.payments}/pay", data={field: text})
    as_json = await http.post(f"{shared.payments}/pay", json={field: text})
    assert (as_form.status_code, as_json.status_code) == (422, 422)
    assert as_form.json()["errors"] == as_json.json()["errors"]
    assert [error["field"] for error in as_form.json()["errors"]] == [field]


@pytest.mark.parametrize(
    "body",
    ['{"amount":1e3}', '{"amount":-1}', '{"amount":1.001}', '{"amount":true}', '{"amount":null}', '{"amount":["1"]}',
     '{"amount":0.0}', '{"quantity":1.0}', '{"quantity":true}', '{"quantity":null}', '{"currency":null}',
     '{"reference":{"$ne":""}}', '{"product":7.5e1000, "quantity":0}'],
)  # fmt: skip
async def test_json_of_another_kind_is_422(shared: OpenShop, http: httpx.AsyncClient, body: str) -> None:
    headers = {"Content-Type": "application/json"}
    assert (await http.post(f"{shared.payments}/pay", content=body, headers=headers)).status_code == 422


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "\u00e9", "tab\there"])
async def test_a_key_that_is_no_key_is_400(shared: OpenShop, http: httpx.AsyncClient, key: str) -> None:
    headers = [(b"Idempotency-Key", key.encode("latin-1"))]
    assert (await http.post(f"{shared.payments}/pay", headers=headers)).status_code == 400


async def test_an_error_does_not_repeat_what_was_sent(shared: OpenShop, http: httpx.AsyncClient) -> None:
    answer = await http.post(f"{shared.payments}/pay", json={"amount": "geheim", "currency": "geheim"})
    assert answer.status_code == 422
    assert "geheim" not in json.dumps(answer.json())
