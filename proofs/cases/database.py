"""Cases in which the database is killed or stands still. What it has acknowledged is there afterwards."""

import asyncio

from proofs.cases.case import Case
from proofs.clients import Load
from proofs.keeping import not_kept
from proofs.outages import Outages, at_work, nobody_exited
from proofs.stage import Stage

FROZEN = 10.0  # seconds: twice the deadline of a request


async def killed(stage: Stage) -> None:
    """Without its journal nobody waits for the disk, and the last moment before the kill is gone."""
    mongo, outages = stage.arena.ground.mongo, Outages(stage, database=True)
    if stage.arena.without:
        mongo.journaled = False
        await asyncio.to_thread(mongo.restart)
        stage.clients(Load(keys=2_000, pause=0.02))  # some write is always young
    else:
        await at_work(stage)
    for _ in range(2 if stage.short else 5):
        await stage.pause(1.0, 3.0)
        async with outages.of("kill -9 mongo"):
            await asyncio.to_thread(mongo.kill)
            await stage.pause(0.0, 3.0)
            await asyncio.to_thread(mongo.start)
    await _look_back(stage, outages)


async def frozen(stage: Stage) -> None:
    await at_work(stage)
    mongo, outages = stage.arena.ground.mongo, Outages(stage, database=True)
    for _ in range(1 if stage.short else 2):
        await stage.pause(1.0, 3.0)
        async with outages.of("mongo frozen"):
            await asyncio.to_thread(mongo.freeze)
            await asyncio.sleep(FROZEN)
            mongo.thaw()
    await _look_back(stage, outages)


async def _look_back(stage: Stage, outages: Outages) -> None:
    outages.judge()
    stage.demands.append(nobody_exited(stage))
    await stage.close_doors()
    await stage.all_ready()
    stage.found["lost"] += await not_kept(stage.history, stage.arena.urls)


KILLED = Case(
    "database-killed", "kill -9 of the database, and its restart, 5 times; every 2xx is looked up", killed
)
FROZEN_CASE = Case(
    "database-frozen", "the database frozen (SIGSTOP) for 10 s, twice; every 2xx is looked up", frozen
)
DATABASE = [KILLED, FROZEN_CASE]
