"""What can happen to Kafka, the database and the way to them, each for some seconds: one of it, by the dice."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from dev.server import Server
from proofs.faults import Fault
from proofs.proxy import Proxy, Way
from proofs.stage import Stage

SHORTEST, LONGEST = 2.0, 12.0  # seconds: some are over before a deadline, some outlast a transaction
LATE = 0.2  # seconds: a network that is slow and still works
DROPS, PAUSE = 1_024, 0.01  # bytes at a time, seconds: 100 KB a second

Mishap = Callable[[Stage, float], Awaitable[None]]


async def mishap(stage: Stage) -> None:
    """Returns when it is over; nobody has recovered yet."""
    what, how = stage.random.choice(list(MISHAPS.items()))
    seconds = stage.random.uniform(SHORTEST, LONGEST)
    busy = stage.history.open_calls.total() > 0
    stage.arena.faults.append(Fault(time.time(), f"{what} for {seconds:.0f} s", what, bit=busy))
    stage.say(f"{what} for {seconds:.0f} s")
    await how(stage, seconds)


def _killed(server: Callable[[Stage], Server]) -> Mishap:
    async def act(stage: Stage, seconds: float) -> None:
        await asyncio.to_thread(server(stage).kill)
        await asyncio.sleep(seconds / 4)  # its start takes some more
        await asyncio.to_thread(server(stage).start)

    return act


def _frozen(server: Callable[[Stage], Server]) -> Mishap:
    async def act(stage: Stage, seconds: float) -> None:
        await asyncio.to_thread(server(stage).freeze)
        await asyncio.sleep(seconds)
        server(stage).thaw()

    return act


def _failing(proxy: Callable[[Stage], Proxy], how: Callable[[Proxy], None]) -> Mishap:
    async def act(stage: Stage, seconds: float) -> None:
        how(proxy(stage))
        await asyncio.sleep(seconds)
        proxy(stage).mend()

    return act


def _kafka(stage: Stage) -> Server:
    return stage.arena.ground.kafka


def _mongo(stage: Stage) -> Server:
    return stage.arena.ground.mongo


NETWORK: dict[str, Callable[[Proxy], None]] = {
    "cut": Proxy.cut,
    "black hole": Proxy.block,
    "answers lost": lambda proxy: proxy.block(Way.ANSWERS),
    "requests lost": lambda proxy: proxy.block(Way.REQUESTS),
    "late": lambda proxy: proxy.delay(LATE),
    "dripping": lambda proxy: proxy.drip(DROPS, PAUSE),
}
MISHAPS: dict[str, Mishap] = {
    "kafka killed": _killed(_kafka),
    "kafka frozen": _frozen(_kafka),
    "database killed": _killed(_mongo),
    "database frozen": _frozen(_mongo),
    **{f"{name} to kafka": _failing(lambda s: s.arena.network.kafka, how) for name, how in NETWORK.items()},
    **{
        f"{name} to the database": _failing(lambda s: s.arena.network.mongo, how)
        for name, how in NETWORK.items()
    },
}
