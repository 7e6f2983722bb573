"""A service as the proof runs it: `python -m proofs.child NAME` is `python -m NAME`, with its crash points armed.

It is told by PROOFS_ORDERS where its orders come, by PROOFS_WITHOUT which safeguard is off, by PROOFS_TRANSACTION how
many records a worker takes at a time, and by PROOFS_DEADLINE how many seconds a call to Kafka has. The service knows
nothing of it.
"""

import os
import runpy
import sys
from pathlib import Path

from event_bus import calling, crash_points, worker
from event_bus.crash_points import CrashPoint
from proofs import sabotage
from proofs.strikes import Orders


def main(service: str) -> None:
    orders = Orders(Path(os.environ["PROOFS_ORDERS"]), service)

    def obey(point: CrashPoint) -> None:
        if number := orders.take(point):
            os.kill(os.getpid(), number)

    crash_points.arm(obey)
    if safeguard := os.environ.get("PROOFS_WITHOUT"):
        sabotage.switch_off(safeguard)
    if records := os.environ.get("PROOFS_TRANSACTION"):
        worker.MOST_RECORDS = int(records)
    if seconds := os.environ.get("PROOFS_DEADLINE"):
        calling.DEADLINE = float(seconds)
    sys.argv = [service]
    runpy.run_module(service, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1])
