"""What a person does with the stock by HTTP: book, look, read a ledger to its end."""

import asyncio
import uuid
from typing import Any
from urllib.parse import quote

import httpx2 as httpx
from aiokafka.structs import ConsumerRecord

from tests.flows.shops import OpenShop
from tests.flows.topics import until_records


def something() -> str:
    """A product of the test's own."""
    return f"p-{uuid.uuid4().hex[:12]}"


def key() -> str:
    return uuid.uuid4().hex


def path(product: str) -> str:
    return f"/stock/{quote(product, safe='')}"


async def book(
    http: httpx.AsyncClient,
    url: str,
    product: str,
    quantity: int | str,
    reason: str = "delivery",
    key: str = "",
) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    fields = {"quantity": str(quantity), "reason": reason}
    return await http.post(f"{url}{path(product)}/movements", data=fields, headers=headers)


async def book_surely(http: httpx.AsyncClient, url: str, product: str, quantity: int) -> httpx.Response:
    """With one key until it is no longer 503, as a client should."""
    name = key()
    while (answer := await book(http, url, product, quantity, key=name)).status_code == 503:
        await asyncio.sleep(0.1)
    return answer


async def look(http: httpx.AsyncClient, url: str, product: str) -> dict[str, Any]:
    return dict((await http.get(f"{url}{path(product)}")).json())


async def pages(http: httpx.AsyncClient, url: str, first: str) -> list[dict[str, Any]]:
    """All answers from this path on, by their `next`."""
    found: list[dict[str, Any]] = []
    way: str | None = first
    while way:
        answer = await http.get(f"{url}{way}")
        assert answer.status_code == 200
        found.append(answer.json())
        way = found[-1].get("next")
    return found


async def ledger(http: httpx.AsyncClient, url: str, product: str) -> list[dict[str, Any]]:
    """All movements of a product, the oldest first."""
    seen = await pages(http, url, f"{path(product)}?limit=200")
    return [movement for page in seen for movement in page["movements"]][::-1]


async def told(shop: OpenShop, topic: str, product: str, at_least: int = 1) -> list[ConsumerRecord]:
    """What is on a topic about a product, when there are at least so many."""

    async def about() -> list[ConsumerRecord]:
        return [record for record in await shop.records(topic) if record.key == product.encode()]

    return await until_records(about, lambda found: len(found) >= at_least)


async def sell(http: httpx.AsyncClient, shop: OpenShop, product: str, quantity: int = 1) -> str:
    """Pays for it, and waits until the stock has answered. The id of the payment."""
    fields = {"product": product, "quantity": str(quantity)}
    paid = (await http.post(f"{shop.payments}/pay", data=fields)).json()["payment_id"]

    async def answers() -> list[ConsumerRecord]:
        return [record for record in await shop.records("stock") if paid.encode() in record.value]

    await until_records(answers, bool)
    return str(paid)


async def until_refunded(http: httpx.AsyncClient, shop: OpenShop, payment_id: str) -> None:
    async with asyncio.timeout(20):
        while (await http.get(f"{shop.payments}/payments/{payment_id}")).json()["status"] != "refunded":
            await asyncio.sleep(0.05)
