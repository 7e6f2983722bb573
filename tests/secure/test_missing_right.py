"""A service that is not allowed what it needs says so, tries on, and goes on as soon as it is allowed."""

import asyncio

import httpx2 as httpx
import pytest

from event_bus.accounts import Operation, Resource, Right, give, take
from event_bus.kafka import Admin
from tests.conftest import RunService
from tests.secure.conftest import Guarded

WITHIN = 30.0  # seconds; the longest pause between two attempts is five


@pytest.mark.parametrize(
    ("resource", "name", "reason"),
    [
        (Resource.GROUP, "notifications_service", "use the group guarded-notifications_service"),
        (Resource.TOPIC, "notifications", "read topic guarded-notifications"),
    ],
    ids=["group", "topic"],
)
async def test_a_member_of_a_group_that_starts_without_a_right(
    guarded: Guarded, run_service: RunService, resource: Resource, name: str, reason: str
) -> None:
    service, right = "notifications_service", Right(Operation.READ, resource, guarded.admin.named(name))
    async with Admin(guarded.admin) as admin, httpx.AsyncClient() as http:
        await take(admin, service, [right])
        try:
            process = run_service(
                service, ready=False, NOTIFICATIONS_REPLICAS="2", **guarded.environment_of(service)
            )
            said = f"no right to {reason} (account {service})"
            async with asyncio.timeout(WITHIN):
                while said not in await missing(http, process.url):
                    await asyncio.sleep(0.1)
        finally:
            await give(admin, service, [right])
        async with asyncio.timeout(WITHIN):
            while await missing(http, process.url):
                await asyncio.sleep(0.1)
    assert process.running.alive


async def missing(http: httpx.AsyncClient, url: str) -> str:
    """What /readyz says; empty when nothing is missing."""
    try:
        answer = await http.get(f"{url}/readyz")
    except httpx.TransportError:
        return "it does not serve yet"
    return "" if answer.is_success else str(answer.json()["detail"])
