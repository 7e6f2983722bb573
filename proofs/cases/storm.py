"""A group that never comes to rest: a member joins or leaves every five seconds."""

import asyncio
import time

from proofs.cases.case import Case
from proofs.clients import Load
from proofs.faults import Fault
from proofs.stage import Stage
from proofs.stalls import no_longer_than

WORKER = "notifications_service"
EACH, LASTS, SHORTLY = 5.0, 180.0, 40.0  # seconds
MOST = 4  # members at once: more of them have nothing to do with rebalancing and all with two cores
LONGEST = 10.0  # seconds: the session of a dead member; here nobody dies


async def storm(stage: Stage) -> None:
    stage.clients(Load(clients=4))
    members, number = [WORKER], 1
    end = time.monotonic() + (SHORTLY if stage.short else LASTS)
    while time.monotonic() < end:
        turn = asyncio.create_task(asyncio.sleep(EACH))
        if len(members) == 1 or (len(members) < MOST and stage.random.random() < 0.5):
            number += 1
            members.append(f"{WORKER}-{number}")
            _tell(stage, f"{members[-1]} joins")
            await stage.arena.spawn(WORKER, members[-1]).ready()
        else:
            leaving = members.pop(stage.random.randrange(len(members)))
            _tell(stage, f"{leaving} leaves")
            await stage.arena.retire(leaving)
        await turn
    stage.demands.append(await no_longer_than(LONGEST, stage, "a line"))


def _tell(stage: Stage, what: str) -> None:
    stage.arena.faults.append(Fault(time.time(), what, WORKER, bit=True))
    stage.say(what)


STORM = Case(
    "storm",
    "a member of the worker's group joins or leaves every 5 s for 3 minutes",
    storm,
    settings={"NOTIFICATIONS_REPLICAS": str(MOST)},
)
