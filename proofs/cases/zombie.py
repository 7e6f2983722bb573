"""A worker that is frozen before its commit, while another one takes its place, and then wakes."""

import asyncio
import signal
import time

import psutil

from event_bus.crash_points import CrashPoint
from proofs.arena import LOOK
from proofs.cases.case import Case
from proofs.clients import Load
from proofs.faults import Fault
from proofs.stage import Stage

WORKER = "notifications_service"
ASLEEP = (
    1.0  # seconds that the heir works before the other one wakes; together below the transaction time-out
)


async def zombie(stage: Stage) -> None:
    stage.clients(Load())
    sleeper = WORKER
    for turn in range(2 if stage.short or stage.arena.without else 5):
        await stage.pause(0.5, 1.5)
        await _freeze(stage, sleeper)
        heir = f"{WORKER}-{turn}"
        await stage.arena.start_another(WORKER, heir)
        await asyncio.sleep(ASLEEP)
        await _wake_and_end(stage, sleeper)
        sleeper = heir


async def _freeze(stage: Stage, name: str) -> None:
    service = stage.arena.services[name]
    service.orders.give(CrashPoint.OFFSETS_SENT, signal.SIGSTOP)
    async with asyncio.timeout(20):
        while psutil.Process(service.pid).status() != psutil.STATUS_STOPPED:
            await asyncio.sleep(LOOK)
    stage.arena.faults.append(Fault(time.time(), f"{name} frozen before its commit", WORKER, bit=True))
    stage.say(f"{name} is frozen before its commit")


async def _wake_and_end(stage: Stage, name: str) -> None:
    """It wakes in the middle of its commit; the next thing that it hears is that it may go."""
    await stage.arena.retire(name)
    stage.say(f"{name} woke and ended")


ZOMBIE = Case(
    "zombie", "a worker is frozen before its commit, another takes over, the first one wakes", zombie
)
