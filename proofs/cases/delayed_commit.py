"""The end of a transaction reaches Kafka long after its producer has given up on it (KAFKA-17754).

It must not end a later transaction of the same producer: after an error that one begins with a new epoch.
"""

import asyncio
import time
from collections import Counter

from proofs import frames
from proofs.arena import until
from proofs.cases.case import Case
from proofs.clients import Load
from proofs.demands import Demand
from proofs.faults import Fault
from proofs.proxy import Way
from proofs.stage import Stage

# Seconds, more than the deadline of a call (5): then the broker still waits for the end of that transaction, or, as
# it times out after 10, has ended it by itself.
LATE = (8.0, 12.0, 12.0)
COMES_WITHIN = 20.0
OWNERS = (
    "users_service-outbox",
    "payments_service-outbox",
    "inventories_service-outbox",
    "notifications_service-alone",
)


class Late:
    """Holds the next end of a transaction of each owner that it is told, and counts what passes meanwhile."""

    def __init__(self) -> None:
        self.wanted: set[str] = set()
        self.held: Counter[str] = Counter()
        self.delivered: Counter[str] = Counter()
        self.passed: Counter[str] = Counter()  # later ones of the same producer, while one was held
        self.seconds = 0.0
        self._holding: set[str] = set()

    async def hold(self, frame: bytes) -> None:
        if frames.key_of(frame) != frames.END_TXN:
            return
        name = frames.transactional_id(frame)
        if name in self._holding:
            self.passed[name] += 1
        owner = next((one for one in self.wanted if one in name), None)
        if owner is None:
            return
        self.wanted.discard(owner)
        self._holding.add(name)
        self.held[name] += 1
        await asyncio.sleep(self.seconds)
        self._holding.discard(name)
        self.delivered[name] += 1


async def delayed(stage: Stage) -> None:
    stage.clients(Load())
    late = Late()
    stage.arena.network.kafka.lanes[Way.REQUESTS].hold = late.hold
    for late.seconds in LATE[:2] if stage.short else LATE:
        await stage.pause(1.0, 2.0)
        late.wanted |= set(OWNERS)
        now = late.held.total()
        await until(lambda: not late.wanted, COMES_WITHIN)
        held = late.held.total() - now
        stage.arena.faults.append(
            Fault(time.time(), f"{held} ends of transactions held back", "kafka", bit=held > 0)
        )
        stage.say(f"{held} ends of transactions are held back")
        await until(lambda: late.delivered == late.held, 2 * late.seconds)
    await stage.pause(2.0, 3.0)
    stage.arena.network.kafka.lanes[Way.REQUESTS].hold = None
    together = f"{late.delivered.total()} came 8 or 12 s late, {late.passed.total()} later ones before them"
    stage.demands.append(
        Demand(
            "ends of transactions come late, and those who sent them had gone on",
            together,
            set(late.passed) == set(late.held) and len(late.held) >= len(OWNERS),
        )
    )


DELAYED_COMMIT = Case(
    "delayed-commit",
    "the end of a transaction is held back 8 or 12 s on its way to Kafka, of each relay and of the worker",
    delayed,
    proxied=True,
)
