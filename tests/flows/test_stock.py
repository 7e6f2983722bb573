"""A payment moves stock; one for what is not there any more is taken back."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx2 as httpx

from tests.flows.shops import OpenShop
from tests.flows.watching import events, watching


async def settled(http: httpx.AsyncClient, url: str, status: str, within: float = 15.0) -> dict[str, Any]:
    """What GET answers when it has this status."""
    async with asyncio.timeout(within):
        while (found := (await http.get(url)).json())["status"] != status:
            await asyncio.sleep(0.05)
    return dict(found)


async def test_a_payment_for_what_is_out_of_stock_is_refunded(
    shared: OpenShop, http: httpx.AsyncClient
) -> None:
    """Accepted, then refunded: two lines in this order, of one correlation id."""
    async with watching(shared.websocket) as watcher:
        paid = await http.post(f"{shared.payments}/pay", data={"product": "poster", "reference": "r1"})
        story = paid.headers["X-Request-ID"]
        payment = await settled(http, f"{shared.payments}/payments/{paid.json()['payment_id']}", "refunded")
        lines = await watcher.of(story, 2)
    assert paid.status_code == 201
    assert payment["states"] == ["accepted", "refunded"]
    assert events(lines) == ["payments.accepted", "payments.refunded"]
    assert lines[1]["message"] == "guest was refunded 25.00 EUR: out of stock (reference r1)"


async def test_a_plain_payment_moves_the_default_product(shared: OpenShop, http: httpx.AsyncClient) -> None:
    before = (await http.get(f"{shared.inventories}/stock/standard")).json()
    paid = (await http.post(f"{shared.payments}/pay")).json()
    async with asyncio.timeout(15):
        while True:
            after = (await http.get(f"{shared.inventories}/stock/standard")).json()
            sold = [m for m in after["movements"] if m.get("payment_id") == paid["payment_id"]]
            if sold:
                break
            await asyncio.sleep(0.05)
    assert (sold[0]["quantity"], sold[0]["reason"]) == (-1, "sold")
    assert after["level"] < before["level"]


async def test_a_hundred_payments_for_forty_pieces(shared: OpenShop, http: httpx.AsyncClient) -> None:
    """40 are kept, 60 taken back, and nothing is left."""
    product = f"cup-{uuid4().hex[:6]}"
    await http.post(f"{shared.inventories}/stock/{product}/movements", data={"quantity": 40, "reason": "new"})
    paid = await asyncio.gather(
        *(http.post(f"{shared.payments}/pay", json={"product": product}) for _ in range(100))
    )
    payments = [f"{shared.payments}/payments/{answer.json()['payment_id']}" for answer in paid]
    async with asyncio.timeout(30):
        while True:
            stock = (await http.get(f"{shared.inventories}/stock/{product}?limit=200")).json()
            states = [(await http.get(payment)).json()["status"] for payment in payments]
            if stock["level"] == 0 and states.count("refunded") == 60:
                break
            await asyncio.sleep(0.2)
    assert states.count("accepted") == 40
    assert len(stock["movements"]) == 41
    assert [m["level"] for m in stock["movements"]] == list(range(41))
