"""Clients that give a byte now and then, and connections that only wait, keep nobody from logging in."""

import asyncio
import resource
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.edge.slow_clients import CLOSED_WITHIN, HANDSHAKE, closed, idle_connections, slow_clients
from benchmarks.http_load import Connection, request
from http_edge.sockets import raise_file_limit
from tests.flows.shops import OpenShop

SLOW, IDLE = 500, 2000
WHO = "username=quick&password=secret"


@contextmanager
def few_files() -> Iterator[None]:
    """What a shell gives to what it starts. Who starts meanwhile has as few, unless it helps itself to more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, soft), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_slow_clients_are_closed_in_time_and_meanwhile_people_log_in(shared: OpenShop) -> None:
    with few_files():
        users = shared.spawn("users_service", "users_service beside slow clients", USERS_REQUEST_SECONDS="3")
    idle = min(IDLE, raise_file_limit() - SLOW - 300)  # this process holds the other ends
    await asyncio.to_thread(users.wait_ready)
    hub = shared.services["logs_service"].port
    async with Connection(users.port) as quick, idle_connections(users.port, idle):
        await quick.send(request("POST", "/register", WHO))
        async with slow_clients(users.port, hub, SLOW) as clients:
            closing = asyncio.create_task(asyncio.wait_for(closed(clients), 3 * CLOSED_WITHIN))
            served = 0
            while not closing.done():
                status, body = await quick.send(request("POST", "/login", WHO))
                assert status == 200, body
                served += 1
            assert max(await closing) < CLOSED_WITHIN
        assert served > 0
        assert {client.status for client in clients} == {408}


async def test_a_handshake_at_the_hub_with_a_head_without_an_end_is_431(shared: OpenShop) -> None:
    hub = shared.services["logs_service"].port
    reader, writer = await asyncio.open_connection("127.0.0.1", hub)
    writer.write(HANDSHAKE + b"x" * 40_000)
    async with asyncio.timeout(10):
        said = await reader.read()
    writer.close()
    assert said.startswith(b"HTTP/1.1 431 ")
    assert b"application/problem+json" in said
