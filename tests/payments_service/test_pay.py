"""Paying: what is answered, what is published, and what becomes of a request that comes twice."""

import asyncio
import uuid
from typing import Any

import httpx2 as httpx
import pytest

from tests.flows.shops import OpenShop
from tests.flows.topics import ids_of, lines_of, types_of, until_records

EVERYTHING = {
    "amount": "12.5", "currency": "CHF", "product": "teapot", "quantity": "3", "method": "paypal",
    "order_id": "o-1", "reference": "r17",
}  # fmt: skip


def key() -> dict[str, str]:
    return {"Idempotency-Key": uuid.uuid4().hex}


async def about(shop: OpenShop, topic: str, payment_id: str) -> list[Any]:
    """What was published about a payment: waits for something, as there is always something."""

    async def look() -> list[Any]:
        return [record for record in await shop.records(topic) if record.key == payment_id.encode()]

    return await until_records(look, bool)


@pytest.mark.parametrize("how", [{}, {"data": {}}, {"json": {}}], ids=["no body", "empty form", "empty JSON"])
async def test_an_empty_body_pays_25_euros(
    shared: OpenShop, http: httpx.AsyncClient, how: dict[str, Any]
) -> None:
    answer = await http.post(f"{shared.payments}/pay", **how)
    paid = answer.json()
    assert (answer.status_code, paid["status"], paid["amount"], paid["currency"]) == (
        201,
        "accepted",
        "25.00",
        "EUR",
    )
    assert len(paid["event_ids"]) == 2


@pytest.mark.parametrize("how", ["data", "json"])
async def test_a_payment_is_one_notification_and_one_request_for_goods(
    shared: OpenShop, http: httpx.AsyncClient, how: str
) -> None:
    paid = (await http.post(f"{shared.payments}/pay", **{how: EVERYTHING | {"unknown": "x"}})).json()
    told, asked = [
        await about(shared, topic, paid["payment_id"]) for topic in ("notifications", "inventories")
    ]
    assert ids_of(told) + ids_of(asked) == paid["event_ids"]
    assert types_of(told) + types_of(asked) == ["payments.accepted.v1", "payments.stock_requested.v1"]
    assert lines_of(told) == [
        {
            "message": "guest paid 12.50 CHF (reference r17)",
            "user": "guest",
            "payment_id": paid["payment_id"],
            "amount": "12.50",
            "currency": "CHF",
            "method": "paypal",
            "order_id": "o-1",
            "reference": "r17",
        }
    ]
    goods = {"payment_id": paid["payment_id"], "quantity": 3, "product": "teapot", "order_id": "o-1"}
    assert lines_of(asked) == [goods]


async def test_a_payment_can_be_looked_up(shared: OpenShop, http: httpx.AsyncClient) -> None:
    paid = (await http.post(f"{shared.payments}/pay", data=EVERYTHING)).json()
    seen = (await http.get(f"{shared.payments}/payments/{paid['payment_id']}")).json()
    created = seen.pop("created_at")
    assert created.endswith("+00:00")
    assert seen == EVERYTHING | {
        "payment_id": paid["payment_id"], "status": "accepted", "states": ["accepted"], "payer": "guest",
        "amount": "12.50", "quantity": 3,
    }  # fmt: skip


@pytest.mark.parametrize(
    "payment_id", ["x", "d58bf6c9-5b6f-47f9-a0ce-9b508438a9b8", "%00", "%7B%22$gt%22:%22%22%7D"]
)
async def test_a_payment_that_is_not_there_is_404(
    shared: OpenShop, http: httpx.AsyncClient, payment_id: str
) -> None:
    answer = await http.get(f"{shared.payments}/payments/{payment_id}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_the_same_key_again_is_the_same_answer_and_no_second_event(
    shared: OpenShop, http: httpx.AsyncClient
) -> None:
    same = key()
    answers = [
        await http.post(f"{shared.payments}/pay", headers=same),
        await http.post(f"{shared.payments}/pay", headers=same, data={"amount": "25.0", "quantity": "01"}),
        await http.post(
            f"{shared.payments}/pay", headers=same, json={"amount": 25, "currency": "EUR", "x": []}
        ),
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    paid = answers[0].json()
    for topic, event_id in zip(("notifications", "inventories"), paid["event_ids"], strict=True):
        assert ids_of(await about(shared, topic, paid["payment_id"])) == [event_id]


async def test_the_same_key_twenty_times_at_once_is_one_payment(
    shared: OpenShop, http: httpx.AsyncClient
) -> None:
    same = key()
    answers = await asyncio.gather(
        *(
            http.post(
                f"{shared.payments}/pay",
                headers=same,
                **({"json": {"amount": 7}} if n % 2 else {"data": {"amount": "7.00"}}),
            )
            for n in range(20)
        )
    )
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    paid = answers[0].json()
    assert ids_of(await about(shared, "notifications", paid["payment_id"])) == paid["event_ids"][:1]


@pytest.mark.parametrize(
    "change", [{"amount": "25.01"}, {"reference": "r"}, {"quantity": "2"}, {"method": "transfer"}]
)
async def test_the_same_key_for_something_else_is_422(
    shared: OpenShop, http: httpx.AsyncClient, change: dict[str, str]
) -> None:
    same = key()
    paid = (await http.post(f"{shared.payments}/pay", headers=same)).json()
    answer = await http.post(f"{shared.payments}/pay", headers=same, data=change)
    again = await http.post(f"{shared.payments}/pay", headers=same)
    assert (answer.status_code, again.json()) == (422, paid)
    assert "Idempotency-Key" in answer.json()["detail"]


async def test_a_refused_request_does_not_bind_its_key(shared: OpenShop, http: httpx.AsyncClient) -> None:
    same = key()
    refused = await http.post(f"{shared.payments}/pay", headers=same, data={"amount": "0"})
    paid = await http.post(f"{shared.payments}/pay", headers=same, data={"amount": "1"})
    assert (refused.status_code, paid.status_code) == (422, 201)


async def test_the_same_key_of_two_payers_is_two_payments(
    shared: OpenShop, http: httpx.AsyncClient, bearer: str
) -> None:
    same = key()
    as_guest = await http.post(f"{shared.payments}/pay", headers=same)
    as_user = await http.post(f"{shared.payments}/pay", headers=same | {"Authorization": bearer})
    assert (as_guest.status_code, as_user.status_code) == (201, 201)
    assert as_guest.json()["payment_id"] != as_user.json()["payment_id"]


@pytest.mark.parametrize(
    "reference", ["\u00e9t\u00e9 \u2603", "<script>alert(1)</script>", '"quoted" \\ back', "x" * 64]
)
async def test_a_reference_may_be_anything_printable(
    shared: OpenShop, http: httpx.AsyncClient, reference: str
) -> None:
    paid = (await http.post(f"{shared.payments}/pay", data={"reference": reference})).json()
    (data,) = lines_of(await about(shared, "notifications", paid["payment_id"]))
    assert data["message"].endswith(f" EUR (reference {reference})")
