"""Cases in which the network fails: towards Kafka, then towards the database."""

import asyncio
from collections.abc import Callable

from proofs.cases.case import Act, Case
from proofs.outages import Outages, at_work, nobody_exited
from proofs.proxy import Proxy, Way
from proofs.stage import Stage

AWAY, SHORTLY = 30.0, 12.0  # seconds; the shorter one still outlasts every deadline and time-out of ours


def failing(how: Callable[[Proxy], None], what: str) -> Act:
    async def act(stage: Stage) -> None:
        await at_work(stage)
        network = stage.arena.network
        for proxy, whom in ((network.kafka, "Kafka"), (network.mongo, "the database")):
            await stage.pause(2.0, 4.0)
            outages = Outages(stage, database=proxy is network.mongo)
            async with outages.of(f"{what} towards {whom}"):
                how(proxy)
                await asyncio.sleep(SHORTLY if stage.short else AWAY)
                proxy.mend()
            outages.judge()
        stage.demands.append(nobody_exited(stage))

    return act


NETWORK = [
    Case(
        name, f"{what}, 30 s towards Kafka, then 30 s towards the database", failing(how, name), proxied=True
    )
    for name, what, how in (
        ("cut", "connections are reset, and new ones at once", Proxy.cut),
        ("black-hole", "connections stand and nothing passes", Proxy.block),
        ("one-way", "what is asked arrives, no answer comes back", lambda proxy: proxy.block(Way.ANSWERS)),
    )
]
