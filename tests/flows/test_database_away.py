"""The database is away, dead or frozen: nobody gets a 2xx that does not hold, nobody waits for long, and everything
goes on by itself afterwards."""

import asyncio
import uuid
from typing import Any

import httpx2 as httpx
import pytest

from tests.flows.answers import missing, timed, until_missing
from tests.flows.shops import open_shop
from tests.flows.topics import lines_of, until_records

AT_LAST = 5.5  # seconds for an answer when the database says nothing


@pytest.mark.parametrize(("fault", "repair"), [("kill", "start"), ("freeze", "thaw")])
async def test_without_the_database_nothing_is_promised_and_nobody_waits_for_long(
    tmp_path: Any, kafka: Any, own_mongo: Any, http: httpx.AsyncClient, fault: str, repair: str
) -> None:
    mongo = await asyncio.to_thread(own_mongo)
    alice = {"username": "alice", "password": "secret"}
    with open_shop(
        tmp_path, kafka, mongo, "users_service", "payments_service", "notifications_service"
    ) as shop:
        await http.post(f"{shop.users}/register", data=alice)
        key = {"Idempotency-Key": uuid.uuid4().hex}
        await asyncio.to_thread(getattr(mongo, fault))
        answers = await asyncio.gather(
            timed(
                http, f"{shop.users}/register", data={"username": "bob", "password": "secret"}, headers=key
            ),
            timed(http, f"{shop.users}/login", data=alice),
            timed(http, f"{shop.payments}/pay", headers=key),
            timed(http, f"{shop.payments}/pay"),
        )
        for answer, took in answers:
            assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
            assert answer.headers["retry-after"]
            assert took < AT_LAST
        for url in (shop.users, shop.payments):
            async with asyncio.timeout(20):
                while "database" not in await missing(http, url):
                    await asyncio.sleep(0.1)
            assert (await http.get(f"{url}/healthz")).status_code == 200

        await asyncio.to_thread(getattr(mongo, repair))
        for url in (shop.users, shop.payments):
            await until_missing(http, url, set(), 30)
        registered = await http.post(
            f"{shop.users}/register", data={"username": "bob", "password": "secret"}, headers=key
        )
        logged_in = await http.post(f"{shop.users}/login", data=alice)
        paid = await http.post(f"{shop.payments}/pay", headers=key)
        assert (registered.status_code, logged_in.status_code, paid.status_code) == (201, 200, 201)

        def complete(records: list[Any]) -> bool:
            there = {line["event_id"] for line in lines_of(records)}
            return {registered.json()["event_id"], paid.json()["event_ids"][0]} <= there

        lines = lines_of(await until_records(lambda: shop.records("logs"), complete))
        ids = [line["event_id"] for line in lines]
        assert len(ids) == len(set(ids))
        assert [line["event"] for line in lines if line["user"] == "bob"] == ["users.registered"]
        keyed = [line for line in lines if line["event_id"] == paid.json()["event_ids"][0]]
        assert len(keyed) == 1
