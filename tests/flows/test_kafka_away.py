"""The broker is away: people are served as ever, tokens are checked with the keys that are known, and every event
arrives once when the broker is back."""

import asyncio
import time
from typing import Any

import httpx2 as httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.flows.answers import timed, until_missing, until_served
from tests.flows.crowd import every_payment_moved_its_goods
from tests.flows.shops import ALL, open_shop
from tests.flows.topics import ids_of, lines_of, until_records

AT_ONCE = 2.5  # seconds for an answer while Kafka is away: one that waited for Kafka would take 5
PIECES = {"quantity": "1", "reason": "delivery"}
SOON = 3.0  # for a token with an unknown key: it is worth a second to look for it


def stranger() -> str:
    """A token whose key nobody has seen."""
    claims = {
        "iss": "users_service",
        "aud": "shop",
        "sub": "eve",
        "jti": "1",
        "iat": int(time.time()),
        "exp": 2**31,
    }
    return jwt.encode(claims, Ed25519PrivateKey.generate(), "EdDSA", headers={"kid": "unknown"})


async def test_without_kafka_people_are_served_and_every_event_arrives_once_later(
    tmp_path: Any, own_kafka: Any, mongo: Any, http: httpx.AsyncClient
) -> None:
    kafka = await asyncio.to_thread(own_kafka)
    with open_shop(tmp_path, kafka, mongo, *ALL) as shop:
        old = {"username": "old", "password": "secret"}
        await http.post(f"{shop.users}/register", data=old)
        expected = [(await http.post(f"{shop.payments}/pay")).json()["event_ids"][0]]
        await asyncio.to_thread(kafka.kill)

        tokens = []
        for number in range(5):
            new = {"username": f"new{number}", "password": "secret"}
            registered, took = await timed(http, f"{shop.users}/register", data=new)
            assert (registered.status_code, took < AT_ONCE) == (201, True)
            logged_in, took = await timed(http, f"{shop.users}/login", data=new)
            assert (logged_in.status_code, took < AT_ONCE) == (200, True)
            tokens.append({"Authorization": f"Bearer {logged_in.json()['access_token']}"})
            paid, took = await timed(http, f"{shop.payments}/pay", headers=tokens[-1])
            assert (paid.status_code, took < AT_ONCE) == (201, True)
            booked, took = await timed(http, f"{shop.inventories}/stock/cup/movements", data=PIECES)
            assert (booked.status_code, booked.json()["level"], took < AT_ONCE) == (201, number + 1, True)
            expected += [registered.json()["event_id"], paid.json()["event_ids"][0]]

        unknown, took = await timed(
            http, f"{shop.payments}/pay", headers={"Authorization": f"Bearer {stranger()}"}
        )
        assert (unknown.status_code, "retry-after" in unknown.headers, took < SOON) == (503, True, True)

        # Started again without Kafka, with nothing but what is in their databases.
        for name in ("users_service", "payments_service", "inventories_service"):
            await asyncio.to_thread(shop.services[name].kill)
            await asyncio.to_thread(shop.services[name].spawn)
        for url in (shop.users, shop.payments, shop.inventories):
            await until_served(http, url)
        await until_missing(http, shop.users, {"relay"})
        await until_missing(http, shop.payments, {"relay", "consumer", "identity"})
        await until_missing(http, shop.inventories, {"relay", "consumer"})
        assert (await http.post(f"{shop.users}/login", data=old)).status_code == 200
        paid, took = await timed(http, f"{shop.payments}/pay", headers=tokens[0])
        assert (paid.status_code, took < AT_ONCE) == (201, True)
        expected.append(paid.json()["event_ids"][0])
        for service in shop.services.values():
            assert (await http.get(f"{service.url}/healthz")).status_code == 200
        await until_missing(http, shop.url("notifications_service"), {"worker"})
        await until_missing(http, shop.url("logs_service"), {"kafka"})

        await asyncio.to_thread(kafka.start)

        def complete(records: list[Any]) -> bool:
            return set(expected) <= {line["event_id"] for line in lines_of(records)}

        records = await until_records(lambda: shop.records("logs"), complete, 90)
        lines = lines_of(records)
        ids = [line["event_id"] for line in lines]
        told = ids_of(await shop.records("notifications"))
        assert len(told) == len(set(told)) == 1 + 1 + 5 * 3 + 1 + 1
        assert sorted(ids) == sorted(told)
        for number in range(5):
            mine = [line["event"] for line in lines if line["user"] == f"new{number}"]
            of_users = [event for event in mine if event.startswith("users.")]  # order holds per key
            assert of_users == ["users.registered", "users.logged_in"]
        assert len(await shop.records("inventories")) == 7
        await every_payment_moved_its_goods(shop)
        cups = [r for r in await shop.records("stock") if r.key == b"cup"]
        assert [event["level"] for event in lines_of(cups)] == [1, 2, 3, 4, 5]
        for service in shop.services.values():
            await until_missing(http, service.url, set())
        unknown, took = await timed(
            http, f"{shop.payments}/pay", headers={"Authorization": f"Bearer {stranger()}"}
        )
        assert (unknown.status_code, took < SOON) == (401, True)
