"""What the tables say that services publish is what they publish: nothing less, and nothing more."""

import asyncio
from pathlib import Path
from typing import Any

import httpx2 as httpx

from contracts import KeyRetired
from contracts.topics import ALL as TOPICS
from dev.docs import tables
from tests.flows.shops import ALL, OpenShop, open_shop

ALICE = {"username": "alice", "password": "secret"}
NOT_PLAYED = {
    ("users_service", KeyRetired.type)
}  # a key is retired when its last token has expired: not in a test
TRIES = 40  # of a coin: all of them on one side once in 10^12


async def story(shop: OpenShop, http: httpx.AsyncClient) -> None:
    """Every call that may cause events, and whatever may follow from it."""
    await http.post(f"{shop.users}/register", data=ALICE)
    token = (await http.post(f"{shop.users}/login", data=ALICE)).json()["access_token"]
    await http.post(f"{shop.users}/logout", headers={"Authorization": f"Bearer {token}"})
    for product in ("standard", "poster"):  # of the second there is none: it is taken back
        await pay_until(shop, http, product, {201, 402})
    await http.post(f"{shop.inventories}/stock/mug/movements", data={"quantity": -36, "reason": "broken"})


async def pay_until(shop: OpenShop, http: httpx.AsyncClient, product: str, wanted: set[int]) -> None:
    seen: set[int] = set()
    for _ in range(TRIES):
        seen.add((await http.post(f"{shop.payments}/pay", data={"product": product})).status_code)
        if seen == wanted:
            return
    raise AssertionError(f"only {seen} came")


async def published(shop: OpenShop) -> set[tuple[str, str]]:
    """Pairs of a service and a type, as the headers of all records say it."""
    records = [record for topic in TOPICS for record in await shop.records(topic.name)]
    headers = [{name: part.decode() for name, part in record.headers} for record in records]
    return {(said["ce_source"].removeprefix("/"), said["ce_type"]) for said in headers}


def declared() -> set[tuple[str, str]]:
    return {(service.name, kind.type) for service in tables.services() for kind in service.publishes}


async def test_services_publish_exactly_what_their_tables_say(
    tmp_path: Path, kafka: Any, mongo: Any, http: httpx.AsyncClient
) -> None:
    expected = declared() - NOT_PLAYED
    with open_shop(tmp_path, kafka, mongo, *ALL, PAYMENTS_DECLINE_RATE="0.5") as shop:
        await story(shop, http)
        end = asyncio.get_running_loop().time() + 20
        while (found := await published(shop)) != expected and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.1)
    assert found - expected == set(), "published, and not in the table of the service"
    assert expected - found == set(), "in the table of a service, and never published"
