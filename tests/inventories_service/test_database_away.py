"""The database is away, dead or frozen: nothing is promised, nobody waits for long, and it goes on by itself."""

import asyncio
import uuid
from collections.abc import Callable
from pathlib import Path

import httpx2 as httpx
import pytest

from dev.kafka import Kafka
from dev.mongo import Mongo
from tests.flows.answers import timed, until_missing
from tests.flows.shops import open_shop
from tests.inventories_service.warehouse import book, ledger, look

AT_LAST = 5.5  # seconds for an answer when the database says nothing
FIELDS = {"quantity": "2", "reason": "delivery"}


@pytest.mark.parametrize(("fault", "repair"), [("kill", "start"), ("freeze", "thaw")])
async def test_without_the_database_nothing_is_promised_and_nobody_waits_for_long(
    tmp_path: Path,
    kafka: Kafka,
    own_mongo: Callable[[], Mongo],
    http: httpx.AsyncClient,
    fault: str,
    repair: str,
) -> None:
    mongo = await asyncio.to_thread(own_mongo)
    with open_shop(tmp_path, kafka, mongo, "inventories_service") as shop:
        url = shop.inventories
        await book(http, url, "mug", 1)
        key = {"Idempotency-Key": uuid.uuid4().hex}
        await asyncio.to_thread(getattr(mongo, fault))
        answers = await asyncio.gather(
            timed(http, f"{url}/stock/mug/movements", data=FIELDS, headers=key),
            *(timed(http, f"{url}/stock/other/movements", data=FIELDS) for _ in range(10)),
            looked(http, f"{url}/stock"),
            looked(http, f"{url}/stock/mug"),
        )
        for answer, took in answers:
            assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
            assert answer.headers["retry-after"]
            assert took < AT_LAST
        await asyncio.to_thread(getattr(mongo, repair))
        await until_missing(http, url, set(), 30)
        booked = await http.post(f"{url}/stock/mug/movements", data=FIELDS, headers=key)
        assert (booked.status_code, booked.json()["level"]) == (201, 43)
        assert [m["quantity"] for m in await ledger(http, url, "mug")] == [40, 1, 2]
        assert (await look(http, url, "coffee"))["level"] == 500


async def looked(http: httpx.AsyncClient, url: str) -> tuple[httpx.Response, float]:
    clock = asyncio.get_running_loop().time
    began = clock()
    return await http.get(url), clock() - began
