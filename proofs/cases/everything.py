"""Anything that the other cases do, in any order, for as long as somebody wants to watch."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import median

import psutil

from event_bus.crash_points import AT_START, CrashPoint
from proofs.arena import ALL
from proofs.cases.bad_records import one_bad_record
from proofs.cases.case import Case
from proofs.cases.crashes import PLACES
from proofs.cases.mishaps import mishap
from proofs.clients import Load
from proofs.demands import Demand
from proofs.faults import Fault
from proofs.stage import Stage

GROWTH = 0.2  # the share by which a process may be larger at the end than it was before
WARM = 10.0  # seconds after which a process has loaded what it needs
SETTLED = 120.0  # a shorter run says nothing about memory
MISHAP_EACH = 15.0  # seconds from one mishap of Kafka, the database or the network to the next
ROUND, QUIET = 60.0, 15.0  # seconds: the last part of each round is without faults, so that all can heal
DRAINED = 60.0  # seconds after the last fault
Sizes = dict[str, list[tuple[float, int]]]


async def everything(stage: Stage) -> None:
    stage.clients(Load(keys=200, impatient=0.05))
    sizes: Sizes = defaultdict(list)
    begun = time.monotonic()
    last = begun
    while (now := time.monotonic()) - begun < stage.minutes * 60:
        if (now - begun) % ROUND > ROUND - QUIET:
            await asyncio.sleep(1)
        elif now - last > MISHAP_EACH:
            last = now
            await mishap(stage)
        else:
            await _something(stage)
            await stage.pause(0.2, 3.0)
        _weigh(stage, sizes)
    stage.demands.append(await _drained(stage))
    if time.monotonic() - begun > SETTLED:
        stage.found["other"] += _grown(sizes)


async def _drained(stage: Stage) -> Demand:
    await stage.close_doors()
    begun = time.monotonic()
    await stage.settle()
    seconds = time.monotonic() - begun
    return Demand(f"drained within {DRAINED:g} s", f"{seconds:.1f} s", seconds < DRAINED)


async def _something(stage: Stage) -> None:
    name = stage.random.choice(ALL)
    match stage.random.randrange(10):
        case 0 | 1 | 2 | 3:
            await stage.kill(name)
        case 4:
            await stage.kill(name)
            await stage.kill(stage.random.choice([other for other in ALL if other != name]))
        case 5 | 6 | 7:
            await _strike(stage, name)
        case 8:
            await stage.arena.services[name].ready()
            await stage.stop_politely(name)
        case _:
            await one_bad_record(stage, stage.random.choice(["notifications", "inventories", "stock"]))


async def _strike(stage: Stage, name: str) -> None:
    points = [point for point in PLACES[name] if point not in AT_START and point is not CrashPoint.BURIED]
    point = stage.random.choice(points)
    service = stage.arena.services[name]
    await service.ready()
    service.orders.give(point)
    if not await stage.arena.died_at(name, point):  # after other faults it may have nothing to do for so long
        stage.arena.faults.append(Fault(time.time(), f"{name} never came to {point.name}", name, bit=False))
        stage.say(stage.arena.faults[-1].what)


def _weigh(stage: Stage, sizes: Sizes) -> None:
    """Resident memory of whoever has run for a while: many lives of a service are one line of figures."""
    ground = stage.arena.ground
    pids = {name: service.pid for name, service in stage.arena.services.items()}
    for name, pid in (pids | {"kafka": ground.kafka.pid, "mongo": ground.mongo.pid}).items():
        try:
            process = psutil.Process(pid)
            if time.time() - process.create_time() > WARM:
                sizes[name].append((time.time(), process.memory_info().rss))
        except psutil.Error:
            continue


def _grown(sizes: Mapping[str, Sequence[tuple[float, int]]]) -> list[str]:
    """The last third beside the second one: in the first the broker still fills its caches."""
    found = []
    for name, weighed in sizes.items():
        third = len(weighed) // 3
        if third < 3:
            continue
        before, after = (
            median(size for _, size in part) for part in (weighed[third : 2 * third], weighed[2 * third :])
        )
        if after > before * (1 + GROWTH):
            found.append(f"{name} grew from {before / 2**20:.0f} to {after / 2**20:.0f} MB")
    return found


EVERYTHING = Case(
    "everything", "a random mix of all that, for --minutes, a quarter of them quiet", everything, proxied=True
)
