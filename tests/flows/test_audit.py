"""`./shop audit` agrees with a shop that was used, and sees what somebody changed behind its back."""

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2 as httpx
import pymongo
import pytest

from dev.audit import Report, audit
from dev.kafka import Kafka
from dev.mongo import Mongo
from dev.record import Ident, Record
from tests.flows.shops import OpenShop, open_shop
from tests.flows.topics import publish

GOODS = ("payments_service", "inventories_service")  # money and goods; lines are not audited


@pytest.fixture
def own_shop(tmp_path: Path, kafka: Kafka, mongo: Mongo) -> Iterator[OpenShop]:
    with open_shop(tmp_path, kafka, mongo, *GOODS) as shop:
        yield shop


async def used(shop: OpenShop, http: httpx.AsyncClient) -> None:
    """Forty cups come by hand and two go; sixty people pay for one each; some buy what is there, and what is not."""
    for quantity, reason in (("40", "delivery"), ("-2", "broken")):
        booked = {"quantity": quantity, "reason": reason}
        assert (await http.post(f"{shop.inventories}/stock/cup/movements", data=booked)).status_code == 201
    bought = [{"product": "cup"}] * 60 + [{"product": "poster"}] * 3 + [{"quantity": "7"}] * 5
    paid = await asyncio.gather(*(http.post(f"{shop.payments}/pay", data=fields) for fields in bought))
    assert {answer.status_code for answer in paid} == {201}


async def audited(shop: OpenShop, within: float = 20.0) -> Report:
    record = Record(
        launcher=Ident.of(os.getpid()),
        bootstrap_servers=shop.kafka.bootstrap_servers,
        mongo_uri=shop.mongo.uri,
        urls={name: service.url for name, service in shop.services.items()},
    )
    return await asyncio.to_thread(audit, record, shop.prefix, within)


def wrong(report: Report) -> dict[str, list[str]]:
    return {found.check: list(found.offenders) for found in report.findings if found.offenders}


def change_level(shop: OpenShop, product: str, level: int) -> int:
    """Behind the back of the service. Gives how many documents it changed."""
    client: pymongo.MongoClient[dict[str, Any]]
    with pymongo.MongoClient(shop.mongo.uri) as client:
        products = client[shop.environment["INVENTORIES_DATABASE"]]["products"]
        return products.update_one({"_id": product}, {"$set": {"level": level}}).modified_count


async def test_after_sales_refunds_and_bookings_by_hand_all_is_well(
    own_shop: OpenShop, http: httpx.AsyncClient
) -> None:
    """It begins while most of it is under way."""
    await used(own_shop, http)
    report = await audited(own_shop)
    assert wrong(report) == {}
    looked_at = {found.check: found.looked_at for found in report.findings}
    assert looked_at["every accepted payment asked for its goods once"] == 68
    assert looked_at["every refusal has one refund, every refund one refusal"] == 25
    assert looked_at["every refused payment says so: GET /payments/ID"] == 25
    assert looked_at["level = sum of its movements, per product"] == 5
    assert min(looked_at.values()) > 0


async def test_a_ledger_of_many_pages_is_read_to_its_beginning(
    own_shop: OpenShop, http: httpx.AsyncClient
) -> None:
    booked = {"quantity": "1", "reason": "delivery"}
    for _ in range(250):  # a page of the audit holds 200
        await http.post(f"{own_shop.inventories}/stock/cup/movements", data=booked)
    report = await audited(own_shop)
    assert wrong(report) == {}
    assert {found.check: found.looked_at for found in report.findings}["no level is below zero"] == 254


async def test_a_movement_that_somebody_else_wrote_is_seen(
    own_shop: OpenShop, http: httpx.AsyncClient
) -> None:
    await used(own_shop, http)
    assert (await audited(own_shop)).ok
    foreign = {
        "product": "mug",
        "level": 39,
        "quantity": -1,
        "number": 2,
        "reason": "sold",
        "payment_id": "x",
    }
    servers, topic = own_shop.kafka.bootstrap_servers, f"{own_shop.prefix}stock"
    headers = [("ce_type", b"stock.moved.v1"), ("ce_id", str(uuid4()).encode())]
    await publish(servers, topic, b"mug", json.dumps(foreign).encode(), headers)
    found = wrong(await audited(own_shop, within=2))
    assert found == {
        "every answer fits its request": ["payment x: 1 mug, for which nobody asked"],
        "what came = level + what was sold, per product": ["mug: 40 came, 40 are there, 1 were sold"],
        "every movement is one record on the topic": [
            "mug movement 2 (-1, level 39): once too often on the topic"
        ],
    }


async def test_a_level_that_somebody_changed_in_the_database_is_seen(
    own_shop: OpenShop, http: httpx.AsyncClient
) -> None:
    await used(own_shop, http)
    assert (await audited(own_shop)).ok
    assert await asyncio.to_thread(change_level, own_shop, "mug", 38) == 1
    found = wrong(await audited(own_shop, within=2))
    assert found == {
        "what came = level + what was sold, per product": ["mug: 40 came, 38 are there, 0 were sold"],
        "level = sum of its movements, per product": ["mug: 38 are there, its movements make 40"],
    }
