"""The story of the README in containers: everything is up, three curls are three lines, and everybody sees them."""

import asyncio
import math
import uuid
from datetime import datetime
from typing import Any

import httpx2 as httpx

from contracts.topics import ALL as TOPICS
from tests.containers.stack import INIT, RUNNING, Stack
from tests.flows.topics import committed_records, lines_of
from tests.flows.watching import watching


async def bobs_story(shop: Stack, http: httpx.AsyncClient, bob: dict[str, str]) -> list[str]:
    """Registers, logs in, pays with the token. What the lines will say."""
    registered = await http.post(f"{shop.url('USERS_PORT')}/register", data=bob)
    logged_in = await http.post(f"{shop.url('USERS_PORT')}/login", data=bob)
    token = {"Authorization": f"Bearer {logged_in.json()['access_token']}"}
    paid = await http.post(f"{shop.url('PAYMENTS_PORT')}/pay", headers=token)
    assert (registered.status_code, logged_in.status_code, paid.status_code) == (201, 200, 201)
    name = bob["username"]
    return [
        f"User {name} registered successfully",
        f"User {name} logged in successfully",
        f"{name} paid 25.00 EUR",
    ]


STAMPED = 0.01  # seconds: a line has the time at which Docker read it, of each container by itself


def messages(name: str, printed: list[dict[str, Any]]) -> list[str]:
    return sorted(line["message"] for line in printed if line.get("user") == name)


async def test_each_event_is_a_line_of_notifications_a_line_of_logs_and_a_frame(
    shop: Stack, http: httpx.AsyncClient
) -> None:
    bob = {"username": f"bob{uuid.uuid4().hex[:6]}", "password": "pass123"}
    async with watching(shop.url("LOGS_PORT").replace("http", "ws") + "/") as watcher:
        expected = await bobs_story(shop, http, bob)
        frames = [line["message"] for line in await watcher.count(3)]
    assert sorted(frames) == sorted(expected)
    assert [frame for frame in frames if frame != expected[2]] == expected[
        :2
    ]  # order holds per user and per payment
    for service in ("notifications-service", "logs-service"):
        assert messages(bob["username"], shop.lines(service)) == sorted(expected)


async def test_each_event_shows_first_in_the_log_of_notifications(
    shop: Stack, http: httpx.AsyncClient
) -> None:
    async with watching(shop.url("LOGS_PORT").replace("http", "ws") + "/") as watcher:
        for _ in range(50):
            assert (await http.post(f"{shop.url('PAYMENTS_PORT')}/pay")).status_code == 201
        await watcher.count(50)
    first, then = (shop.first_shown(service) for service in ("notifications-service", "logs-service"))
    assert len(then) >= 50
    late = {
        event: (first.get(event), at)
        for event, at in then.items()
        if _seconds(first.get(event), at) < -STAMPED
    }
    assert late == {}


def _seconds(first: str | None, then: str) -> float:
    """From one time to the other; minus infinity if there is no first one."""
    if first is None:
        return -math.inf
    return (datetime.fromisoformat(then) - datetime.fromisoformat(first)).total_seconds()


async def test_kafka_is_there_for_programs_on_this_machine(shop: Stack, http: httpx.AsyncClient) -> None:
    paid = (await http.post(f"{shop.url('PAYMENTS_PORT')}/pay")).json()["event_ids"][0]
    async with asyncio.timeout(20):
        while paid not in {
            line["event_id"] for line in lines_of(await committed_records(shop.bootstrap_servers, "logs"))
        }:
            await asyncio.sleep(0.1)


async def test_kafka_ui_shows_the_topics(shop: Stack, http: httpx.AsyncClient) -> None:
    assert (await http.get(shop.url("KAFKA_UI_PORT"))).status_code == 200
    shown = await http.get(f"{shop.url('KAFKA_UI_PORT')}/api/clusters/shop/topics?perPage=100")
    assert {topic.name for topic in TOPICS} <= {topic["name"] for topic in shown.json()["topics"]}


def test_everything_is_healthy_and_the_topics_were_made_once(shop: Stack) -> None:
    assert {name: shop.state(name)["Health"]["Status"] for name in RUNNING} == dict.fromkeys(
        RUNNING, "healthy"
    )
    assert (shop.state(INIT)["Status"], shop.state(INIT)["ExitCode"]) == ("exited", 0)
    shown = shop.compose("ps", "--all").lower()
    assert shown.count("(healthy)") == len(RUNNING)
    assert "exit 0" in shown or "exited (0)" in shown


def test_starting_it_again_changes_nothing(shop: Stack) -> None:
    before = {name: shop.state(name)["StartedAt"] for name in RUNNING}
    shop.compose("up", "-d")
    assert {name: shop.state(name)["StartedAt"] for name in RUNNING} == before
    assert shop.state(INIT)["ExitCode"] == 0
