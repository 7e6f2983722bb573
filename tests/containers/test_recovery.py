"""One container at a time is stopped, or killed, while people pay: it comes back, and each payment is one line."""

import asyncio
import re
import time

import pytest

from dev.waiting import until
from tests.containers.people import people
from tests.containers.stack import RUNNING, SERVICES, Stack

STOPPED_WITHIN = 25.0  # seconds: a service ends within 15, and docker-compose takes its time
BY_SIGNAL = 143  # how Java says that it was told to end
ENDS_WITH = {"kafka": BY_SIGNAL, "kafka-ui": BY_SIGNAL}  # all others with 0
IDLE = "users-service"  # has nothing to publish in these tests, so it does not miss Kafka
pytestmark = pytest.mark.one_compose


@pytest.mark.parametrize("service", RUNNING)
async def test_a_container_that_was_stopped_ended_well_and_goes_on_where_it_was(
    shop: Stack, service: str
) -> None:
    async with people(shop) as crowd:
        await crowd.after(8)
        began = time.monotonic()
        await asyncio.to_thread(shop.compose, "stop", service)
        assert time.monotonic() - began < STOPPED_WITHIN
        assert shop.state(service)["ExitCode"] == ENDS_WITH.get(service, 0)
        if service not in ("payments-service", "users-service-database"):
            await crowd.after(8)  # nobody who pays needs it
        await asyncio.to_thread(shop.compose, "start", service)
        await asyncio.to_thread(shop.until_healthy)
        await crowd.after(8)
    await crowd.each_has_one_line()


@pytest.mark.parametrize("service", [name for name in RUNNING if name != "kafka"])
async def test_a_container_that_was_killed_comes_back_by_itself(shop: Stack, service: str) -> None:
    async with people(shop) as crowd:
        await crowd.after(8)
        await asyncio.to_thread(shop.kill, service)
        await asyncio.to_thread(shop.until_healthy)
        await crowd.after(8)
    await crowd.each_has_one_line()


async def test_kafka_killed_again_and_again_under_load_loses_and_doubles_nothing(shop: Stack) -> None:
    before = fences(shop)
    async with people(shop) as crowd:
        for _ in range(3):
            await crowd.after(30)
            await asyncio.to_thread(shop.kill, "kafka")
            await crowd.after(30)  # accepted while it is away
            await asyncio.to_thread(shop.until_healthy)
    await crowd.each_has_one_line()
    assert fences(shop) == before + 3
    assert "likely deleted already" not in shop.said("kafka")


def test_a_broker_that_ended_because_its_old_life_still_counted_is_fenced_too(shop: Stack) -> None:
    """It stops in order then, but without an epoch: started as it is, it would end like that for ever."""
    before = fences(shop)
    shop.kill(
        "kafka", first="""echo '{"version":0,"brokerEpoch":-1}' >/var/lib/kafka/data/.kafka_cleanshutdown"""
    )
    shop.until_healthy("kafka")
    assert fences(shop) == before + 1


def test_a_broker_that_is_fenced_can_be_stopped_meanwhile(shop: Stack) -> None:
    before = controllers(shop)
    shop.kill("kafka")
    assert until(lambda: controllers(shop) > before, 20)
    shop.compose("stop", "kafka")
    assert shop.state("kafka")["ExitCode"] == BY_SIGNAL
    shop.compose("start", "kafka")


def controllers(shop: Stack) -> int:
    """How often the node ran as a controller alone."""
    return len(re.findall("^controller: .*Activated", shop.said("kafka"), re.MULTILINE))


def fences(shop: Stack) -> int:
    """How often that gave the broker up."""
    return len(re.findall("^controller: .*Fencing broker 1 ", shop.said("kafka"), re.MULTILINE))


async def test_a_broker_that_is_away_shows_in_ps_and_stops_nothing_else(shop: Stack) -> None:
    starts = {name: shop.state(name)["StartedAt"] for name in RUNNING if name != "kafka"}
    await asyncio.to_thread(shop.compose, "stop", "kafka")
    try:
        async with people(shop) as crowd:
            await crowd.after(8)
            await asyncio.to_thread(shop.until_unhealthy, *(name for name in SERVICES if name != IDLE))
            await crowd.after(8)
    finally:
        await asyncio.to_thread(shop.compose, "start", "kafka")
        await asyncio.to_thread(shop.until_healthy)
    await crowd.each_has_one_line()
    assert {name: shop.state(name)["StartedAt"] for name in starts} == starts
