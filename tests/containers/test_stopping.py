"""Stopping everything: in time, in order, and with all that was kept still there afterwards."""

import time
import uuid

import httpx2 as httpx
import pytest

from tests.containers.stack import INIT, RUNNING, SERVICES, Stack
from tests.containers.test_recovery import ENDS_WITH
from tests.flows.topics import committed_records, lines_of

pytestmark = pytest.mark.one_compose
STOPPED_WITHIN = 45.0  # seconds: services, then Kafka and the database; 5 on a quiet machine


def test_all_containers_end_in_time_and_start_again(shop: Stack) -> None:
    began = time.monotonic()
    shop.compose("stop")
    assert time.monotonic() - began < STOPPED_WITHIN
    codes = {name: shop.state(name)["ExitCode"] for name in (*RUNNING, INIT)}
    assert codes == {name: ENDS_WITH.get(name, 0) for name in (*RUNNING, INIT)}
    shop.compose("start")
    shop.until_healthy()
    assert {name: shop.inspect(name)["RestartCount"] for name in SERVICES}.keys() == SERVICES.keys()


async def test_volumes_outlive_the_containers(shop: Stack, http: httpx.AsyncClient) -> None:
    kim = {"username": f"kim{uuid.uuid4().hex[:6]}", "password": "secret"}
    event = (await http.post(f"{shop.url('USERS_PORT')}/register", data=kim)).json()["event_id"]
    shop.compose("down")
    assert all(shop.containers(name) == [] for name in (*RUNNING, INIT))
    shop.compose("up", "-d")
    shop.until_healthy()
    assert (await http.post(f"{shop.url('USERS_PORT')}/login", data=kim)).status_code == 200
    lines = lines_of(await committed_records(shop.bootstrap_servers, "logs"))
    assert [line["event_id"] for line in lines].count(event) == 1
