"""One replica of each kind sleeps for a minute before its commit, the other one takes over, the first one wakes.

Its own deadline would have struck when it wakes, so the deadline is taken away: it really tries to commit, and Kafka
has to refuse it. A stateful consumer has written by then; Kafka refuses its offset, and what is applied again changes
nothing.
"""

import asyncio
import re
import signal
import time
from collections.abc import Collection, Mapping

import httpx2 as httpx

from dev.errors import NotReady
from dev.supervisor import is_frozen
from event_bus.crash_points import CrashPoint
from proofs.arena import Mortal, until
from proofs.cases.case import Case
from proofs.cases.two_relays import LED_AWAY, holder_of
from proofs.clients import Load
from proofs.demands import Demand
from proofs.faults import Fault
from proofs.outages import RECOVERED, recovered
from proofs.stage import Stage
from proofs.stalls import no_longer_than

ASLEEP, SHORTLY = 60.0, 25.0  # seconds; also the shorter one outlasts sessions and transactions
STALL = 20.0  # seconds: a session of 10, the rebalance, and what gathered meanwhile
FREEZES_WITHIN = 30.0
REFUSED = re.compile(r"^kafka_fenced_total (\S+)$", re.MULTILINE)
WORKER, RELAY = "notifications_service", "payments_service"
POINTS = {
    WORKER: CrashPoint.OFFSETS_SENT,
    "inventories_service": CrashPoint.WRITTEN,
    RELAY: CrashPoint.OFFSETS_SENT,
}


async def zombies(stage: Stage) -> None:
    for name in POINTS:
        await stage.arena.spawn(name, f"{name}-2").ready()
    urls = dict(stage.arena.urls)
    stage.clients(Load(), urls)
    await stage.pause(2.0, 4.0)
    await _lead_away(stage, urls)
    sleepers = await _put_to_sleep(stage)
    await asyncio.sleep(SHORTLY if stage.short else ASLEEP)
    for sleeper in sleepers.values():
        sleeper.thaw()
    seconds = await recovered(stage, time.time())
    stage.demands += [
        Demand(f"all are ready {RECOVERED:g} s after they wake", f"{seconds:.1f} s", seconds < RECOVERED),
        await no_longer_than(STALL, stage, "a line of the others"),
        await _fenced(sleepers),
    ]


async def _lead_away(stage: Stage, urls: dict[str, str]) -> None:
    """Who asked the one that sleeps would wait; this is about what it does behind the scenes."""
    holder = await asyncio.to_thread(holder_of, stage, RELAY)
    (other,) = {RELAY, f"{RELAY}-2"} - {holder}
    urls[RELAY] = stage.arena.services[other].url
    await asyncio.sleep(LED_AWAY)


async def _put_to_sleep(stage: Stage) -> Mapping[str, Mortal]:
    """One replica of each, by its label; whichever comes to the point first."""
    services = stage.arena.services
    for name, point in POINTS.items():
        services[name].orders.give(point, signal.SIGSTOP)

    def asleep(name: str) -> Collection[str]:
        return [label for label in (name, f"{name}-2") if is_frozen(services[label].pid)]

    if not await until(lambda: all(asleep(name) for name in POINTS), FREEZES_WITHIN):
        raise NotReady(f"frozen are only {[asleep(name) for name in POINTS]}")
    labels = [label for name in POINTS for label in asleep(name)]
    for label in labels:
        stage.arena.faults.append(Fault(time.time(), f"{label} frozen before its commit", label, bit=True))
    stage.say(f"{', '.join(labels)} are frozen before their commits")
    return {label: services[label] for label in labels}


async def _fenced(sleepers: Mapping[str, Mortal]) -> Demand:
    """By Kafka, and not by themselves."""
    async with httpx.AsyncClient() as http:
        told = {label: (await http.get(f"{one.url}/metrics")).text for label, one in sleepers.items()}
    refused = {label: int(float(found[1])) for label, text in told.items() if (found := REFUSED.search(text))}
    return Demand(
        "Kafka refuses what each of them was about to commit",
        ", ".join(f"{label} {times}" for label, times in refused.items()),
        len(refused) == len(sleepers) and all(refused.values()),
    )


ZOMBIES = Case(
    "zombies",
    "a worker, a stateful consumer and a relay are frozen for 60 s before their commits, others take over, they wake",
    zombies,
    settings={
        **{f"{name}_REPLICAS": "2" for name in ("NOTIFICATIONS", "INVENTORIES", "PAYMENTS")},
        "PROOFS_DEADLINE": "600",
    },
)
