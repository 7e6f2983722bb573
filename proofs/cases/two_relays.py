"""Two replicas of each edge: the one that relays is frozen in the middle of a transaction, and woken later."""

import asyncio
import signal
import time

import pymongo

from dev.supervisor import is_frozen
from event_bus.crash_points import CrashPoint
from proofs.arena import until
from proofs.cases.case import Case
from proofs.clients import Load
from proofs.demands import Demand
from proofs.faults import Fault
from proofs.publishing import Publishing
from proofs.stage import EDGES, Stage

DATABASES = {"users_service": "USERS_DATABASE", "payments_service": "PAYMENTS_DATABASE"}
LED_AWAY = 1.0  # seconds after which nobody waits for an answer of the one that will be frozen
FROZEN = 6.0  # seconds: twice as long as the lease
FREEZES_WITHIN = 20.0
TAKES_OVER = 6.0  # seconds: the lease (3), the next look at it (1), its producers and its ledger
AGAIN = 2.0  # seconds in which the woken one could do harm


async def two_relays(stage: Stage) -> None:
    urls = dict(stage.arena.urls)
    for edge in EDGES:
        await stage.arena.spawn(edge, f"{edge}-2").ready()
    stage.clients(Load(), urls)
    seen = {
        edge: Publishing({name: stage.arena.services[name] for name in (edge, f"{edge}-2")}) for edge in EDGES
    }
    takeovers = []
    for _ in range(1 if stage.short else 3):
        for edge in EDGES:
            await stage.pause(0.5, 1.5)
            takeovers.append(await _frozen_and_woken(stage, edge, urls, seen[edge]))
    for publishing in seen.values():
        await publishing.close()
    slowest = max(takeovers)
    stage.demands += [
        Demand(
            "one replica publishes at a time",
            "; ".join(f"{edge}: {one.said()}" for edge, one in seen.items()),
            not any(one.overlaps for one in seen.values()),
        ),
        Demand(
            f"the other one has taken over after {TAKES_OVER:g} s",
            f"{', '.join(f'{seconds:.1f}' for seconds in takeovers)} s",
            slowest < TAKES_OVER,
        ),
    ]


async def _frozen_and_woken(stage: Stage, edge: str, urls: dict[str, str], seen: Publishing) -> float:
    """Seconds until the other one had published."""
    holder = await asyncio.to_thread(holder_of, stage, edge)
    (heir,) = {edge, f"{edge}-2"} - {holder}
    urls[edge] = stage.arena.services[heir].url
    await asyncio.sleep(LED_AWAY)
    service = stage.arena.services[holder]
    service.orders.give(CrashPoint.OFFSETS_SENT, signal.SIGSTOP)
    frozen = await until(lambda: is_frozen(service.pid), FREEZES_WITHIN)
    begun = time.time()
    stage.arena.faults.append(Fault(begun, f"{holder} frozen before its commit", edge, bit=frozen))
    stage.say(f"{holder} is frozen before its commit")
    await until(lambda: seen.last(heir) > begun, FROZEN)
    took = max(seen.last(heir), begun) - begun or FREEZES_WITHIN
    await asyncio.sleep(max(0.0, begun + FROZEN - time.time()))
    service.thaw()
    await asyncio.sleep(AGAIN)
    return took


def holder_of(stage: Stage, edge: str) -> str:
    """The label of the replica that has the lease; if there is none, of the first."""
    with pymongo.MongoClient[dict[str, str]](stage.arena.ground.mongo.uri) as client:
        lease = client[stage.arena.environment[DATABASES[edge]]]["leases"].find_one({"_id": "relay"})
    port = int(str((lease or {}).get("owner", ":0")).rpartition(":")[2])
    return next((label for label, one in stage.arena.services.items() if one.port == port), edge)


TWO_RELAYS = Case(
    "two-relays",
    "two replicas of each edge; the one that relays is frozen before its commit for twice its lease, and woken",
    two_relays,
    settings={"PAYMENTS_REPLICAS": "2"},
)
