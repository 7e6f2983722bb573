"""Replicas share nothing: behind a balancer that knows nothing but TCP, one dies, and nobody misses a line."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Sequence

from dev.services import Service
from tests.conftest import Environment, RunService
from tests.logs_service.wanderer import Wanderer, all_seen, wandering
from tests.logs_service.writing import Writer

EVERY_FIFTH = r'&regex="number":[0-9]*[05],'


async def test_two_replicas_behind_a_tcp_balancer(
    run_service: RunService, topics: Environment, writer: Writer
) -> None:
    hubs = [await asyncio.to_thread(run_service, "logs_service") for _ in range(2)]
    async with balanced(hubs) as port:
        wanderers = [Wanderer([port], seed) for seed in range(4)]
        picky = [Wanderer([port], seed, EVERY_FIFTH) for seed in range(4)]
        async with wandering([*wanderers, *picky]):
            chance = random.Random(2)
            for step in range(60):
                await writer.write(chance.choice([1, 5, 100]))
                if step in (20, 40):
                    hub = hubs[step // 40]
                    await asyncio.to_thread(hub.kill)
                    await asyncio.to_thread(hub.spawn)
                await asyncio.sleep(chance.random() * 0.1)  # other moments for each cut
            fifth = [line for line in writer.all if line.split(",")[0][-1] in "05"]
            await asyncio.gather(all_seen(wanderers, writer.lines), all_seen(picky, {0: fifth}))


@contextlib.asynccontextmanager
async def balanced(hubs: Sequence[Service]) -> AsyncIterator[int]:
    """The port of one that gives each connection to the next hub that takes it."""
    turn = 0

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal turn
        with contextlib.closing(writer):
            for _ in hubs:
                turn += 1
                with contextlib.suppress(OSError):
                    there = await asyncio.open_connection("127.0.0.1", hubs[turn % len(hubs)].port)
                    break
            else:
                return
            with contextlib.closing(there[1]):
                both = [
                    asyncio.create_task(pass_on(reader, there[1])),
                    asyncio.create_task(pass_on(there[0], writer)),
                ]
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                for task in both:
                    task.cancel()

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def pass_on(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65_536):
            to.write(data)
            await to.drain()
