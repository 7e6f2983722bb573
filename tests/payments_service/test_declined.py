"""A payment that is declined: told, remembered, and it binds nothing."""

import asyncio
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest

from dev.kafka import Kafka
from dev.mongo import Mongo
from tests.flows.shops import OpenShop, open_shop
from tests.flows.topics import lines_of, types_of, until_records


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory, kafka: Kafka, mongo: Mongo) -> Iterator[OpenShop]:
    folder: Path = tmp_path_factory.mktemp("strict")
    with open_shop(folder, kafka, mongo, "payments_service", PAYMENTS_DECLINE_RATE="1") as shop:
        yield shop


async def test_a_declined_payment_is_told_once_and_asks_for_no_goods(
    strict: OpenShop, http: httpx.AsyncClient
) -> None:
    same = {"Idempotency-Key": uuid.uuid4().hex, "X-Request-ID": "r"}
    fields = {"amount": "9.99", "reference": "r17"}
    answers = [await http.post(f"{strict.payments}/pay", data=fields, headers=same) for _ in range(3)]
    assert {(answer.status_code, answer.content) for answer in answers} == {(402, answers[0].content)}
    assert answers[0].headers["content-type"] == "application/problem+json"
    payment_id = answers[0].json()["payment_id"]

    async def about() -> list[object]:
        return [r for r in await strict.records("notifications") if r.key == payment_id.encode()]

    told = await until_records(about, bool)
    assert types_of(told) == ["payments.declined.v1"]
    assert lines_of(told)[0]["message"] == "guest was declined 9.99 EUR (reference r17)"
    seen = (await http.get(f"{strict.payments}/payments/{payment_id}")).json()
    assert (seen["status"], seen["states"]) == ("declined", ["declined"])
    assert await strict.records("inventories") == []


async def test_only_an_accepted_payment_binds_its_key(strict: OpenShop, http: httpx.AsyncClient) -> None:
    """The same key first declined, then, when payments are accepted again, for another amount accepted."""
    same = {"Idempotency-Key": uuid.uuid4().hex}
    first = await http.post(f"{strict.payments}/pay", headers=same, data={"amount": "1"})
    lenient = strict.spawn("payments_service", "lenient", PAYMENTS_DECLINE_RATE="0")
    await asyncio.to_thread(lenient.wait_ready)
    other = await http.post(f"{lenient.url}/pay", headers=same, data={"amount": "2"})
    again = await http.post(f"{lenient.url}/pay", headers=same, data={"amount": "1"})
    assert (first.status_code, other.status_code, again.status_code) == (402, 201, 402)
    assert again.json()["payment_id"] == first.json()["payment_id"]
    third = await http.post(f"{strict.payments}/pay", headers=same, data={"amount": "3"})
    assert third.status_code == 422  # bound to the second one by now
    repeated = await http.post(f"{strict.payments}/pay", headers=same, data={"amount": "2"})
    assert (repeated.status_code, repeated.json()) == (201, other.json())  # though it would be declined today
