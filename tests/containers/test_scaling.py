"""Two of a service share the work: each event is one line, whoever of them took it or writes it."""

import asyncio
import json
import re
import uuid

import httpx2 as httpx
import pytest

from dev.waiting import until
from tests.containers.people import people
from tests.containers.stack import Stack, docker

pytestmark = pytest.mark.one_compose
SERVICE = "notifications-service"


def printed(container: str) -> int:
    return docker("logs", container).count('"payments.accepted"')


def port(container: str) -> str:
    """Of this machine."""
    ports = json.dumps(json.loads(docker("inspect", container))[0]["NetworkSettings"]["Ports"])
    return re.findall(r'"HostPort": "(\d+)"', ports)[0]


async def test_two_replicas_share_the_events_and_double_none(shop: Stack) -> None:
    (first,) = shop.containers(SERVICE)
    await asyncio.to_thread(shop.compose, "up", "-d", "--no-recreate", "--scale", f"{SERVICE}=2")
    try:
        (second,) = set(shop.containers(SERVICE)) - {first}
        await asyncio.to_thread(shop.until_healthy, SERVICE)
        async with people(shop) as crowd:
            await crowd.after(30)
            await asyncio.to_thread(until, lambda: printed(second) > 0, 30)
            before = printed(first), printed(second)
            await crowd.after(60)
        await crowd.each_has_one_line()
        assert printed(first) > before[0]
        assert printed(second) > before[1] > 0
        assert len({port(one) for one in (first, second)}) == 2
    finally:
        await asyncio.to_thread(shop.compose, "up", "-d", "--no-recreate", "--scale", f"{SERVICE}=1")


async def test_two_that_take_payments_have_ports_of_their_own_and_one_memory(
    shop: Stack, http: httpx.AsyncClient
) -> None:
    files = ["-f", "docker-compose.yml", "-f", "docker-compose.scale.yml"]
    scaled = [*files, "up", "-d", "--no-recreate", "--scale"]
    await asyncio.to_thread(shop.compose, *scaled, "payments-service=2")
    try:
        await asyncio.to_thread(shop.until_healthy, "payments-service")
        urls = [f"http://127.0.0.1:{port(one)}/pay" for one in shop.containers("payments-service")]
        assert len(set(urls)) == 2
        async with people(shop) as crowd:
            for _ in range(10):
                key = {"Idempotency-Key": uuid.uuid4().hex}
                answers = [await http.post(url, headers=key) for url in urls]
                assert [answer.status_code for answer in answers] == [201, 201]
                (event,) = {answer.json()["event_ids"][0] for answer in answers}
                crowd.accepted.append(event)
        await crowd.each_has_one_line()
    finally:
        await asyncio.to_thread(shop.compose, *scaled, "payments-service=1")
