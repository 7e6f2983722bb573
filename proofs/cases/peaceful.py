"""Cases in which nobody is killed: a calm day, clients who hang up, and a shop that is restarted piece by piece."""

import time

from proofs.arena import ALL
from proofs.cases.case import Case
from proofs.clients import Load
from proofs.faults import ANY, Fault
from proofs.stage import Stage


async def calm(stage: Stage) -> None:
    await stage.clients(Load(operations=600 if stage.short else 5_000, pause=0.03)).done()


async def impatient(stage: Stage) -> None:
    """A third of the answers is cut off; then the same payment, many times at once under one key."""
    clients = stage.clients(Load(operations=500 if stage.short else 2_000, impatient=0.3))
    await clients.done()
    await stage.clients(Load(clients=2 if stage.short else 5, keys=0, burst=100)).done()
    unanswered = sum(operation.outcomes.count("info") for operation in stage.history.operations.values())
    stage.arena.faults.append(Fault(time.time(), f"{unanswered} answers cut off", ANY, bit=unanswered > 0))


async def rolling(stage: Stage) -> None:
    stage.clients(Load())
    for _ in range(1 if stage.short else 2):
        for name in ALL:
            await stage.pause(0.5, 1.5)
            await stage.stop_politely(name)
            await stage.arena.services[name].ready()


CALM = Case("calm", "5,000 calls, 50 keys, 8 clients, no fault", calm)
IMPATIENT = Case("impatient", "30 % of the answers are cut off; 100 parallel calls under one key", impatient)
ROLLING = Case("rolling", "each service in turn is told to end (SIGTERM) and started again", rolling)
