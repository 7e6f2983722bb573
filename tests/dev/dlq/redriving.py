"""A redrive as a process of its own, which a test kills or freezes at a chosen step.

    python -m tests.dev.dlq.redriving '{"prefix": …}'

It ends with 0, with 75 when another one has fenced it, and with 1 when something else went wrong.
"""

import asyncio
import json
import signal
import sys
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

from dev.child import Child
from dev.dlq.redrive import resolve
from dev.dlq.selection import Selection
from event_bus import Broker, BusError
from event_bus.crash_points import CrashPoint
from event_bus.errors import Fenced
from tests.dev.dlq.burying import SERVICE
from tests.event_bus.strike import Strike
from tests.forked import Forked

DONE, FAILED, FENCED = 0, 1, 75


@dataclass(frozen=True)
class Plan:
    bootstrap_servers: str
    prefix: str
    how: str = "redriven"
    point: str = ""  # the name of a crash point
    nth: int = 1
    freeze: bool = False


def start(plan: Plan, folder: Path) -> Child:
    log = folder / f"redrive-{uuid.uuid4().hex[:6]}.log"
    return Forked("redrive", "tests.dev.dlq.redriving", log, arguments=[json.dumps(asdict(plan))])


async def main(plan: Plan) -> int:
    broker = Broker(plan.bootstrap_servers, plan.prefix)
    try:
        await resolve(broker, Selection([SERVICE]), plan.how, lambda letter: None)  # type: ignore[arg-type]
    except Fenced:
        return FENCED
    except BusError as error:
        sys.stderr.write(f"{error!r}\n")
        return FAILED
    return DONE


if __name__ == "__main__":
    plan = Plan(**json.loads(sys.argv[1]))
    if plan.point:
        Strike(CrashPoint[plan.point], plan.nth, signal.SIGSTOP if plan.freeze else signal.SIGKILL).arm()
    sys.exit(asyncio.run(main(plan)))
