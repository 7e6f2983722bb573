"""Cases in which Kafka is killed, comes late, or stands still. Who asks for something is served all the same."""

import asyncio
import time
from collections.abc import Sequence

import httpx2 as httpx

from proofs.arena import ALL
from proofs.cases.case import Case
from proofs.demands import Demand
from proofs.faults import Fault
from proofs.outages import RECOVERED, STEADY, Outages, at_work, nobody_exited, recovered
from proofs.stage import Stage

FROZEN = 20.0  # seconds: longer than every time-out of a transaction or a request
LATE = 30.0  # seconds
STARTED = 5.0  # seconds after which a service has loaded its code and listens
LOOK_EACH = 1.0
ENDS_WITHIN = 15.0  # seconds from SIGTERM, Kafka or not


async def killed(stage: Stage) -> None:
    await at_work(stage)
    kafka, outages = stage.arena.ground.kafka, Outages(stage)
    for _ in range(2 if stage.short else 5):
        await stage.pause(1.0, 3.0)
        async with outages.of("kill -9 kafka"):
            await asyncio.to_thread(kafka.kill)
            await stage.pause(0.0, 4.0)
            await asyncio.to_thread(kafka.start)
    outages.judge()
    stage.demands.append(nobody_exited(stage))


async def frozen(stage: Stage) -> None:
    """Once for all who ask; and once while every service is told to end."""
    await at_work(stage)
    kafka, outages = stage.arena.ground.kafka, Outages(stage)
    await stage.pause(1.0, 3.0)
    async with outages.of("kafka frozen"):
        await asyncio.to_thread(kafka.freeze)
        await asyncio.sleep(FROZEN)
        kafka.thaw()
    outages.judge()
    await asyncio.to_thread(kafka.freeze)
    begun = time.time()
    stage.arena.faults.append(Fault(begun, "kafka frozen, and everybody told to end", "kafka", bit=True))
    await stage.pause(1.0, 3.0)
    slowest = max(await asyncio.gather(*map(stage.stop_politely, ALL)))
    stage.demands.append(
        Demand(
            f"told to end meanwhile, it is gone within {ENDS_WITHIN:g} s",
            f"{slowest:.1f} s",
            slowest < ENDS_WITHIN,
        )
    )
    await asyncio.sleep(max(0.0, begun + FROZEN - time.time()))
    kafka.thaw()
    stage.demands += [_flows_again(await recovered(stage, time.time())), nobody_exited(stage)]


def _flows_again(seconds: float) -> Demand:
    return Demand(
        f"started meanwhile, ready {RECOVERED:g} s after it is over", f"{seconds:.1f} s", seconds < RECOVERED
    )


async def late(stage: Stage) -> None:
    """The topics are there from an earlier life, the broker is not: a machine that starts everything at once."""
    kafka = stage.arena.ground.kafka
    await asyncio.to_thread(kafka.stop)
    for name in ALL:
        stage.arena.spawn(name)
    await asyncio.sleep(STARTED)
    stage.watch()
    stage.clients(STEADY)
    stage.arena.faults.append(Fault(time.time(), f"no kafka for {LATE:g} s", "kafka", bit=True))
    looks = await _looks(stage, int((LATE - STARTED) / LOOK_EACH))
    await asyncio.to_thread(kafka.start)
    seconds = await recovered(stage, time.time())
    stage.demands += [
        _alive_and_not_ready(looks),
        Demand(
            f"ready, and nothing left behind, {RECOVERED:g} s after it is there",
            f"{seconds:.1f} s",
            seconds < RECOVERED,
        ),
        nobody_exited(stage),
    ]


Look = tuple[str, int, int, str]  # service, status of /healthz, status of /readyz, what it says is missing


async def _looks(stage: Stage, times: int) -> list[Look]:
    looks = []
    async with httpx.AsyncClient() as http:
        for _ in range(times):
            await asyncio.sleep(LOOK_EACH)
            looks += [await _look_at(http, name, url) for name, url in stage.arena.urls.items()]
    return looks


async def _look_at(http: httpx.AsyncClient, name: str, url: str) -> Look:
    health, readiness = await http.get(f"{url}/healthz"), await http.get(f"{url}/readyz")
    return name, health.status_code, readiness.status_code, str(readiness.json().get("detail", ""))


def _alive_and_not_ready(looks: Sequence[Look]) -> Demand:
    wrong = [look for look in looks if look[1:3] != (200, 503) or not look[3].startswith("Not ready: ")]
    told = next((look[3] for look in looks if look[0] == "notifications_service"), "")
    return Demand(
        "alive (/healthz 200) and not ready (/readyz 503), with the reason",
        f"{len(looks)} looks, wrong: {wrong[:3]}" if wrong else f"{len(looks)} looks; “{told}”",
        bool(looks) and not wrong,
    )


KILLED = Case("broker-killed", "kill -9 of Kafka, and its restart, 5 times", killed)
FROZEN_CASE = Case(
    "broker-frozen", "Kafka frozen (SIGSTOP) for 20 s, twice; the second time all are told to end", frozen
)
LATE_CASE = Case(
    "broker-late", "all start without Kafka, which comes 30 s later", late, services=(), watchers=0
)
BROKER = [KILLED, LATE_CASE, FROZEN_CASE]
