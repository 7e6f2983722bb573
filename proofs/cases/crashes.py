"""Cases in which processes are killed: at random, and at each named point of the code."""

import asyncio
from collections.abc import Mapping, Sequence

from event_bus.crash_points import AT_START, CONSUMER_POINTS, RELAY_POINTS, WORKER_POINTS, CrashPoint
from proofs.cases.bad_records import one_bad_record
from proofs.cases.case import Act, Case
from proofs.clients import Load
from proofs.stage import EDGES, Stage

PLACES: Mapping[str, Sequence[CrashPoint]] = {
    "users_service": [CrashPoint.DOCUMENT_WRITTEN, *RELAY_POINTS],
    "payments_service": [CrashPoint.DOCUMENT_WRITTEN, *RELAY_POINTS, *CONSUMER_POINTS],
    "inventories_service": [*RELAY_POINTS, *CONSUMER_POINTS],
    "notifications_service": WORKER_POINTS,
    "logs_service": [CrashPoint.LINES_FETCHED],
}
INPUT = {"payments_service": "stock", "inventories_service": "inventories"}


def killed_at_random(name: str) -> Act:
    """Mostly when it is at work again, sometimes while it still starts."""

    async def act(stage: Stage) -> None:
        stage.clients(Load())
        for _ in range(5 if stage.short else stage.random.randint(10, 20)):
            if stage.random.random() < 0.8:
                await stage.arena.services[name].ready()
                await stage.pause(0.3, 2.0)
            else:
                await stage.pause(0.2, 1.5)
            await stage.kill(name)

    return act


def killed_at(places: Mapping[str, Sequence[CrashPoint]]) -> Act:
    """Each service at each of its points, all services at the same time."""

    async def act(stage: Stage) -> None:
        stage.clients(Load())
        async with asyncio.TaskGroup() as tasks:
            for name, points in places.items():
                tasks.create_task(_at_each(stage, name, points))

    return act


async def _at_each(stage: Stage, name: str, points: Sequence[CrashPoint]) -> None:
    for point in points:
        await stage.arena.services[name].ready()
        if point in AT_START:
            await _at_its_start(stage, name, point)
            continue
        if point is CrashPoint.BURIED:
            await one_bad_record(stage, INPUT[name])
        await stage.strike(name, point)


async def _at_its_start(stage: Stage, name: str, point: CrashPoint) -> None:
    """It comes there only when it takes over: the order is there before it starts."""
    orders = stage.arena.services[name].orders
    orders.give(point)
    await stage.kill(name)
    await stage.died_at(name, point)


KILLED = [
    Case(f"{short}-killed", f"kill -9 of {name}, 10 to 20 times at random", killed_at_random(name))
    for short, name in {
        "users": "users_service",
        "payments": "payments_service",
        "inventories": "inventories_service",
        "worker": "notifications_service",
        "hub": "logs_service",
    }.items()
]
POINTS = Case("crash-points", "kill -9 of each service at each named point of its code", killed_at(PLACES))

# The points that one safeguard is there for, several times.
BEHIND_THE_DOCUMENT = Case(
    "behind-the-document",
    "kill -9 when a document is written and nobody knows of it",
    killed_at(dict.fromkeys(EDGES, [CrashPoint.DOCUMENT_WRITTEN] * 4)),
)
BEHIND_THE_COMMIT = Case(
    "behind-the-commit",
    "kill -9 between the commit of what was published and its removal",
    killed_at(dict.fromkeys(EDGES, [CrashPoint.COMMITTED] * 4)),
)
BEFORE_THE_OFFSETS = Case(
    "before-the-offsets",
    "kill -9 when the broker has the lines and not the offset",
    killed_at({"notifications_service": [CrashPoint.RECORDS_TAKEN] * 4}),
)
