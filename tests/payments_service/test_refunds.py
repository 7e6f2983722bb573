"""A payment is taken back when the stock refuses: once, and only if it was accepted."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx2 as httpx
import pytest
from aiokafka.structs import ConsumerRecord

from contracts import Envelope, PaymentRefunded, StockRefused
from event_bus import Refusal
from event_bus.wire import encode
from payments_service.handlers import payment_of, refund
from tests.flows.shops import OpenShop
from tests.flows.topics import ids_of, lines_of, publish, types_of, until_records

ACCEPTED: Mapping[str, Any] = {
    "states": ["accepted"], "payer": "alice", "amount": "12.50", "currency": "CHF", "method": "card",
    "quantity": "3", "event_ids": ["a", "b"], "created_at": "t",
}  # fmt: skip


def refused(payment_id: str, product: str = "mug") -> Envelope[StockRefused]:
    data = StockRefused(product=product, level=1, quantity=3, reason="out of stock", payment_id=payment_id)
    return Envelope(
        data=data,
        id=uuid4(),
        source="/inventories_service",
        time=datetime.now(UTC),
        subject=product,
        correlation_id="c1",
    )


def test_an_accepted_payment_becomes_refunded_and_people_are_told() -> None:
    change = refund(refused("p1"), {**ACCEPTED, "order_id": "o-1", "reference": "r17"})
    assert change.state == {
        **ACCEPTED,
        "order_id": "o-1",
        "reference": "r17",
        "states": ["accepted", "refunded"],
    }
    assert change.events == [
        PaymentRefunded(
            message="alice was refunded 12.50 CHF: out of stock (reference r17)",
            user="alice",
            payment_id="p1",
            amount="12.50",
            currency="CHF",
            method="card",
            order_id="o-1",
            reference="r17",
            reason="out of stock",
        )
    ]


def test_without_a_reference_the_sentence_ends_with_the_reason() -> None:
    (told,) = refund(refused("p1"), ACCEPTED).events
    assert isinstance(told, PaymentRefunded)
    assert told.message == "alice was refunded 12.50 CHF: out of stock"


@pytest.mark.parametrize("states", [["accepted", "refunded"], ["declined"]])
def test_whatever_else_became_of_it_stays(states: list[str]) -> None:
    change = refund(refused("p1"), {**ACCEPTED, "states": states})
    assert (change.state, list(change.events)) == (None, [])


def test_a_payment_that_is_not_there_can_not_be_refunded() -> None:
    with pytest.raises(Refusal, match="no such payment"):
        refund(refused("p1"), None)


def test_it_is_about_the_payment_and_not_about_the_product() -> None:
    assert payment_of(refused("p1").data) == "p1"


async def refuse(shop: OpenShop, event: Envelope[StockRefused]) -> ConsumerRecord:
    """The stock says so."""
    record = encode(event)
    topic = shop.prefix + record.topic
    return await publish(shop.kafka.bootstrap_servers, topic, record.key, record.value, list(record.headers))


async def about(shop: OpenShop, payment_id: str, at_least: int) -> list[ConsumerRecord]:
    async def look() -> list[ConsumerRecord]:
        return [r for r in await shop.records("notifications") if r.key == payment_id.encode()]

    return await until_records(look, lambda found: len(found) >= at_least)


async def paid(shop: OpenShop, http: httpx.AsyncClient) -> str:
    return str((await http.post(f"{shop.payments}/pay")).json()["payment_id"])


async def states(shop: OpenShop, http: httpx.AsyncClient, payment_id: str) -> list[str]:
    return list((await http.get(f"{shop.payments}/payments/{payment_id}")).json()["states"])


async def test_however_often_it_is_refused_a_payment_is_taken_back_once(
    shared: OpenShop, http: httpx.AsyncClient
) -> None:
    """The same event written twice, and another one of the same kind; then a marker on the same partition."""
    payment_id, marker = await paid(shared, http), await paid(shared, http)
    event = refused(payment_id)
    for refusal in (event, event, refused(payment_id), refused(marker)):
        await refuse(shared, refusal)
    await about(shared, marker, 2)
    told = await about(shared, payment_id, 2)
    assert types_of(told) == ["payments.accepted.v1", "payments.refunded.v1"]
    assert lines_of(told)[1]["message"] == "guest was refunded 25.00 EUR: out of stock"
    causes = [dict(record.headers)["ce_causationid"].decode() for record in told]
    assert causes[1] == str(event.id)
    assert await states(shared, http, payment_id) == ["accepted", "refunded"]
    seen = (await http.get(f"{shared.payments}/payments/{payment_id}")).json()
    assert seen["status"] == "refunded"


async def test_the_answer_to_a_repeated_request_is_the_same_after_the_refund(
    shared: OpenShop, http: httpx.AsyncClient
) -> None:
    """What was answered once holds: what became of the payment since is told by GET."""
    key = {"Idempotency-Key": uuid4().hex}
    first = await http.post(f"{shared.payments}/pay", headers=key)
    await refuse(shared, refused(first.json()["payment_id"]))
    await about(shared, first.json()["payment_id"], 2)
    again = await http.post(f"{shared.payments}/pay", headers=key)
    assert (again.status_code, again.content) == (201, first.content)
    assert len(await about(shared, first.json()["payment_id"], 2)) == 2


async def test_a_declined_payment_stays_declined(shared: OpenShop, http: httpx.AsyncClient) -> None:
    strict = shared.spawn("payments_service", "strict", PAYMENTS_DECLINE_RATE="1")
    await asyncio.to_thread(strict.wait_ready)
    declined = (await http.post(f"{strict.url}/pay")).json()["payment_id"]
    marker = await paid(shared, http)
    for payment_id in (declined, marker):
        await refuse(shared, refused(payment_id))
    await about(shared, marker, 2)
    assert await states(shared, http, declined) == ["declined"]
    assert types_of(await about(shared, declined, 1)) == ["payments.declined.v1"]


async def test_a_refusal_of_an_unknown_payment_is_a_dead_letter(
    shared: OpenShop, http: httpx.AsyncClient
) -> None:
    event = refused(str(UUID(int=0)))
    place = await refuse(shared, event)

    async def letters() -> list[ConsumerRecord]:
        return [r for r in await shared.records("payments_service.dlq") if str(event.id) in ids_of([r])]

    (letter,) = await until_records(letters, bool)
    headers = {name: value.decode() for name, value in letter.headers}
    assert headers["dlq_reason"] == "there is no such payment"
    assert (headers["dlq_partition"], headers["dlq_offset"]) == (str(place.partition), str(place.offset))
    answer = await http.get(f"{shared.payments}/payments/{UUID(int=0)}")
    assert answer.status_code == 404
