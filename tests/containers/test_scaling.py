"""Two of notifications-service share the work: each event is one line, whoever of them writes it."""

import asyncio
import json
import re

import pytest

from dev.waiting import until
from tests.containers.people import people
from tests.containers.stack import Stack, docker

pytestmark = pytest.mark.one_compose
SERVICE = "notifications-service"


def printed(container: str) -> int:
    return docker("logs", container).count('"payments.accepted"')


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
        ports = {
            json.dumps(json.loads(docker("inspect", one))[0]["NetworkSettings"]["Ports"])
            for one in (first, second)
        }
        assert len({re.findall(r'"HostPort": "(\d+)"', port)[0] for port in ports}) == 2
    finally:
        await asyncio.to_thread(shop.compose, "up", "-d", "--no-recreate", "--scale", f"{SERVICE}=1")
