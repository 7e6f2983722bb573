"""Who comes back with a token goes on strictly behind it: here, after a kill -9, and on another replica."""

import asyncio
import random

import pytest
from websockets.asyncio.client import connect

from tests.conftest import Environment, RunService
from tests.logs_service.wanderer import Wanderer, all_seen, wandering
from tests.logs_service.watching import lines, receive, watching
from tests.logs_service.writing import Writer


@pytest.fixture(params=[1, 3])
def partitions(request: pytest.FixtureRequest, environment: Environment) -> int:
    environment["KAFKA_INIT_LOGS_PARTITIONS"] = str(request.param)
    return int(request.param)


async def test_from_earliest_and_strictly_after_a_token(
    run_service: RunService, topics: Environment, writer: Writer
) -> None:
    await writer.write(5)
    hub = await asyncio.to_thread(run_service, "logs_service")
    async with watching(hub.port, "meta=1&from=earliest") as client:
        await writer.write(5)
        seen = await receive(client, 10)
        assert lines(seen) == writer.all
    for place in (0, 4, 9):
        async with watching(hub.port, f"meta=1&after={seen[place]['token']}") as client:
            await writer.write(1)
            expected = writer.all[place + 1 :]
            assert lines(await receive(client, len(expected))) == expected


async def test_the_last_lines_and_those_since_a_time(
    run_service: RunService, topics: Environment, writer: Writer
) -> None:
    await writer.write(50)
    hub = await asyncio.to_thread(run_service, "logs_service")
    async with watching(hub.port, "last=7") as client:
        assert [await client.recv() for _ in range(7)] == writer.all[-7:]
    async with watching(hub.port, "last=10000&meta=1") as client:
        seen = await receive(client, 50)
        assert lines(seen) == writer.all
    await asyncio.sleep(0.01)  # so that the time of the next one is another
    await writer.write(3)
    async with watching(hub.port, "from=earliest&meta=1") as client:
        first = (await receive(client, 53))[50]
    async with watching(hub.port, f"since={first['time']}") as client:
        assert [await client.recv() for _ in range(3)] == writer.all[-3:]
    async with watching(hub.port, "since=1h&meta=1") as client:
        assert lines(await receive(client, 53)) == writer.all
    async with watching(hub.port, "since=2999-01-01T00:00:00Z") as client:
        await writer.write(1)
        assert await asyncio.wait_for(client.recv(), 5) == writer.all[-1]


async def test_a_hub_that_was_killed_goes_on_where_its_clients_were(
    run_service: RunService, topics: Environment, writer: Writer
) -> None:
    hub = await asyncio.to_thread(run_service, "logs_service")
    async with watching(hub.port, "meta=1&last=0") as client:
        await writer.write(5)
        seen = await receive(client, 5)
        await asyncio.to_thread(hub.kill)
    await writer.repeat(writer.ids[:5])
    await writer.write(5)
    await writer.abort(3)
    await asyncio.to_thread(hub.spawn)  # who comes before it is filled waits
    async for client in connect(f"ws://127.0.0.1:{hub.port}/?meta=1&after={seen[-1]['token']}"):
        async with client:
            await writer.write(5)
            assert lines(await receive(client, 10)) == writer.all[5:]
            break
    other = await asyncio.to_thread(run_service, "logs_service")
    async with watching(other.port, f"meta=1&after={seen[2]['token']}") as client:
        await writer.repeat(writer.ids[:15])
        await writer.write(1)
        assert lines(await receive(client, 13)) == writer.all[3:]
    async with watching(other.port, "last=4") as client:
        assert [await client.recv() for _ in range(4)] == writer.all[-4:]


async def test_hundreds_of_cuts_under_load_lose_and_double_nothing(
    run_service: RunService, partitions: int, topics: Environment, writer: Writer
) -> None:
    """Three hubs, one of which is killed again and again; rings of two thousand lines, so that many are replayed."""
    hubs = [
        await asyncio.to_thread(run_service, "logs_service", LOGS_RING_BYTES=str(1024 * 1024))
        for _ in range(3)
    ]
    wanderers = [Wanderer([hub.port for hub in hubs], seed) for seed in range(6)]
    async with wandering(wanderers):
        chance = random.Random(1)
        for step in range(180):
            partition = chance.randrange(partitions)
            await writer.write(chance.choice([1, 5, 100]), size=chance.choice([0, 300]), partition=partition)
            if step % 20 == 3:
                await writer.repeat(writer.ids_of[partition][-40:], partition)
            if step % 20 == 13:
                await writer.abort(5, partition)
            if step % 60 == 30:
                await asyncio.to_thread(hubs[0].kill)
                await asyncio.to_thread(hubs[0].spawn)
            await asyncio.sleep(chance.random() * 0.1)
        await all_seen(wanderers, writer.lines)
    assert sum(wanderer.cuts for wanderer in wanderers) >= 150
