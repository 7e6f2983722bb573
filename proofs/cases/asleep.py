"""Ten days asleep, in a minute and a half: a machine is closed, its broker's clock goes on, and then it wakes.

Time is cut such that a week, which is how long a broker remembers if nobody tells it otherwise, becomes the shortest
time that it can be told: a minute. So the year for which offsets are kept here becomes 52 minutes.
"""

import asyncio
import time
from collections.abc import Mapping

from event_bus.kafka import Admin
from event_bus.records import Partition
from event_bus.settings import Broker
from proofs.arena import ALL
from proofs.cases.case import Case
from proofs.clients import Load
from proofs.demands import Demand
from proofs.faults import Fault
from proofs.outages import RECOVERED, recovered
from proofs.stage import Stage

WEEK = 60.0  # seconds that stand for it
ASLEEP = 10 / 7 * WEEK + 10  # the broker looks for what is too old each second
AWAY = (
    "notifications_service",
    "inventories_service",
)  # dead before the others sleep: something waits for them
GROUPS = (*AWAY, "users_service-outbox-ledger", "payments_service-outbox-ledger")
EACH_SECOND = "1000"
SHORTENED = {
    "offsets.retention.minutes": "52",
    "offsets.retention.check.interval.ms": EACH_SECOND,
    "log.roll.ms": str(int(WEEK * 1000)),
    "log.retention.check.interval.ms": EACH_SECOND,
    "transactional.id.expiration.ms": str(int(WEEK * 1000)),  # its default, which nobody changes
    "transaction.remove.expired.transaction.cleanup.interval.ms": EACH_SECOND,
    "producer.id.expiration.ms": str(int(WEEK * 1000 / 7)),  # a day
    "producer.id.expiration.check.interval.ms": EACH_SECOND,
}
Offsets = Mapping[str, Mapping[Partition, int]]


async def asleep(stage: Stage) -> None:
    kafka = stage.arena.ground.kafka
    usual = dict(kafka.overrides)
    kafka.overrides |= SHORTENED
    if stage.arena.without:
        kafka.overrides["offsets.retention.minutes"] = "1"
    try:
        await asyncio.to_thread(kafka.restart)
        await _sleep_and_wake(stage)
    finally:
        kafka.overrides = usual
        await asyncio.to_thread(kafka.restart)


async def _sleep_and_wake(stage: Stage) -> None:
    await stage.all_ready()
    stage.clients(Load(keys=20))
    await stage.pause(4.0, 6.0)
    for name in AWAY:
        stage.arena.services[name].held = True
        await stage.arena.kill(name)
    await stage.pause(2.0, 3.0)
    await stage.close_doors()
    await stage.pause(2.0, 3.0)  # what is under way still moves the ledgers
    before = await _offsets(stage)
    stage.arena.faults.append(Fault(time.time(), "asleep for ten days", "the machine", bit=True))
    others = [one for name, one in stage.arena.services.items() if name in ALL and name not in AWAY]
    for service in others:
        await asyncio.to_thread(service.freeze)
    await _count_down(stage)
    after = await _offsets(stage)
    for service in others:
        service.thaw()
    for name in AWAY:
        stage.arena.services[name].held = False
    await stage.all_ready()
    begun = time.time()
    stage.clients(Load(keys=20, operations=len(stage.history.operations) + 200))
    seconds = await recovered(stage, begun)
    stage.demands += [
        _remembered(before, after),
        Demand(f"awake, and all is told {RECOVERED:g} s later", f"{seconds:.1f} s", seconds < RECOVERED),
    ]


async def _count_down(stage: Stage) -> None:
    begun = time.monotonic()
    while (slept := time.monotonic() - begun) < ASLEEP:
        stage.say(f"asleep, day {slept / WEEK * 7:.0f}")
        await asyncio.sleep(1)


async def _offsets(stage: Stage) -> Offsets:
    broker = Broker(stage.arena.ground.kafka.bootstrap_servers, stage.arena.prefix)
    async with Admin(broker) as admin:
        return {group: await admin.all_committed(group) for group in GROUPS}


def _remembered(before: Offsets, after: Offsets) -> Demand:
    kept = sum(
        after[group].get(p) == offset for group, places in before.items() for p, offset in places.items()
    )
    there = sum(map(len, before.values()))
    return Demand(
        "ledgers and committed offsets are there after ten days", f"{kept} of {there}", kept == there > 0
    )


ASLEEP_CASE = Case(
    "asleep", "ten days asleep, a week being a minute, with records that nobody had consumed", asleep
)
