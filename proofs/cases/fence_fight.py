"""Two processes work under one transactional id by mistake. They fence each other, until one of them gives up."""

import json
import time

from dev.child import last_lines
from event_bus.background import RIVAL
from proofs.arena import Mortal, until
from proofs.cases.case import Case
from proofs.clients import Load
from proofs.demands import Demand
from proofs.faults import Fault
from proofs.stage import Stage

WORKER = "notifications_service"
SECOND = f"{WORKER}-by-mistake"
ID = f"{WORKER}-alone"  # each of them was told that it is alone
WITHIN = 60.0  # seconds
LAST = 20  # lines of a log


async def fight(stage: Stage) -> None:
    """Whoever starts services again would start the fight again too: here nobody does."""
    stage.clients(Load())
    await stage.pause(1.0, 2.0)
    begun = time.time()
    rivals = [stage.arena.services[WORKER], stage.arena.spawn(WORKER, SECOND)]
    for rival in rivals:
        rival.held = True
    stage.arena.faults.append(Fault(begun, f"two processes are {ID}", WORKER, bit=True))
    await until(lambda: not all(rival.running.alive for rival in rivals), WITHIN)
    seconds = time.time() - begun
    rivals.sort(key=lambda rival: rival.running.alive)
    loser, winner = rivals
    stage.demands.append(_gave_up(loser, seconds))
    del stage.arena.services[SECOND]
    stage.arena.services[WORKER] = winner
    winner.held = False
    stage.say("one has given up")
    await stage.pause(3.0, 5.0)
    stage.demands.append(
        Demand(
            "the other one goes on",
            f"ended: {winner.exit_codes}" if winner.exit_codes else "it runs",
            not winner.exit_codes,
        )
    )


def _gave_up(loser: Mortal, seconds: float) -> Demand:
    code, reason = loser.running.exit_code, _reason(loser)
    return Demand(
        f"the loser ends with {RIVAL} within {WITHIN:g} s, and names the id",
        f"{code} after {seconds:.1f} s: “{reason}”",
        code == RIVAL and ID in reason and seconds < WITHIN,
    )


def _reason(loser: Mortal) -> str:
    """Of its end, as its log tells it."""
    lines = [line for line in last_lines(loser.log, LAST).splitlines() if '"stopping"' in line]
    return str(json.loads(lines[-1])["reason"]) if lines else ""


FENCE_FIGHT = Case("fence-fight", "two workers with one transactional id by mistake", fight)
