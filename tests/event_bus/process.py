"""A relay or a worker as a process of its own, which a test kills or freezes at a chosen step.

    python -m tests.event_bus.process '{"what": "relay", …}'

It ends on SIGTERM with 0, or with the code that the code under test asks for.
"""

import asyncio
import json
import signal
import sys
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

import event_bus.kafka
from contracts import Envelope, LogLine, Notification
from dev.child import Child
from event_bus import Broker, Database, DatabaseLease, On, OutboxCollection, Relay, Worker
from event_bus.crash_points import CrashPoint
from tests.event_bus.strike import Strike
from tests.forked import Forked

SERVICE = "storyteller"
TRACER = "tracer"


@dataclass(frozen=True)
class Plan:
    """What to run and when to be struck. `port` is the owner of the lease."""

    what: str
    bootstrap_servers: str
    prefix: str
    mongo_uri: str = ""
    port: int = 1
    point: str = ""  # the name of a crash point
    nth: int = 1
    freeze: bool = False
    alone: bool = False  # a worker that does not share the partitions


def start(plan: Plan, folder: Path) -> Child:
    """A child that runs the plan."""
    log = folder / f"{plan.what}-{uuid.uuid4().hex[:6]}.log"
    return Forked(plan.what, "tests.event_bus.process", log, arguments=[json.dumps(asdict(plan))])


def is_frozen(child: Child) -> bool:
    """Whether it has stopped itself. A child that has ended instead is an error."""
    assert child.alive, f"it ended with {child.exit_code}: {child.last_lines()}"
    return psutil.Process(child.pid).status() == psutil.STATUS_STOPPED


def is_over(child: Child) -> bool:
    return not child.alive


async def trace(event: Envelope[Notification]) -> LogLine:
    return LogLine.about(event)


async def main(plan: Plan) -> int:
    loop = asyncio.get_running_loop()
    code: asyncio.Future[int] = loop.create_future()

    def stop(number: int, reason: str) -> None:
        sys.stderr.write(f"stop {number}: {reason}\n")
        if not code.done():
            code.set_result(number)

    loop.add_signal_handler(signal.SIGTERM, stop, 0, "asked to")
    broker = Broker(plan.bootstrap_servers, plan.prefix)
    if plan.what == "worker":
        consumes = [On(Notification, trace, publishes=[LogLine])]
        async with Worker(broker, TRACER, consumes, stop, alone=plan.alone):
            return await code
    async with Database(plan.mongo_uri, f"{plan.prefix}documents") as database:
        outbox = OutboxCollection(database, "stories")
        async with Relay(broker, SERVICE, [outbox], DatabaseLease(database, plan.port), stop):
            return await code


if __name__ == "__main__":
    plan = Plan(**json.loads(sys.argv[1]))
    event_bus.kafka.SESSION_TIMEOUT_MS = 6_000  # the broker's least: a dead instance is missed sooner
    if plan.point:
        Strike(CrashPoint[plan.point], plan.nth, signal.SIGSTOP if plan.freeze else signal.SIGKILL).arm()
    sys.exit(asyncio.run(main(plan)))
