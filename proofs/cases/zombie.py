"""A worker that is frozen before its commit, while another one takes its place, and then wakes."""

import asyncio
import signal
import time

from dev.errors import NotReady
from dev.supervisor import is_frozen
from event_bus.crash_points import CrashPoint
from proofs.arena import until
from proofs.cases.case import Case
from proofs.clients import Load
from proofs.faults import Fault
from proofs.stage import Stage

WORKER = "notifications_service"
# Seconds that the heir works before the other one wakes: with its start less than the time-out of a transaction.
ASLEEP = 1.0
FREEZES_WITHIN = 20.0


async def zombie(stage: Stage) -> None:
    stage.clients(Load())
    sleeper = WORKER
    for turn in range(2 if stage.short or stage.arena.without else 5):
        await stage.pause(0.5, 1.5)
        await _freeze(stage, sleeper)
        heir = f"{WORKER}-{turn}"
        await stage.arena.spawn(WORKER, heir).ready()
        await asyncio.sleep(ASLEEP)
        await _wake_and_end(stage, sleeper)
        sleeper = heir


async def _freeze(stage: Stage, name: str) -> None:
    service = stage.arena.services[name]
    service.orders.give(CrashPoint.OFFSETS_SENT, signal.SIGSTOP)
    if not await until(lambda: is_frozen(service.pid), FREEZES_WITHIN):
        raise NotReady(f"{name} never came to {CrashPoint.OFFSETS_SENT.name}")
    stage.arena.faults.append(Fault(time.time(), f"{name} frozen before its commit", WORKER, bit=True))
    stage.say(f"{name} is frozen before its commit")


async def _wake_and_end(stage: Stage, name: str) -> None:
    """It wakes in the middle of its commit; the next thing that it hears is that it may go."""
    await stage.arena.retire(name)
    stage.say(f"{name} woke and ended")


ZOMBIE = Case(
    "zombie", "a worker is frozen before its commit, another takes over, the first one wakes", zombie
)
