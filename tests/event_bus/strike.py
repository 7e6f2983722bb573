"""Ends or freezes this very process at a crash point."""

import os
import signal
from dataclasses import dataclass

from event_bus import crash_points
from event_bus.crash_points import CrashPoint

_ONCE = [CrashPoint.PRODUCERS_CLOSED, CrashPoint.PRODUCERS_OPEN]
WORKER_POINTS = [
    *_ONCE,
    CrashPoint.NOTHING_SENT,
    CrashPoint.RECORDS_SENT,
    CrashPoint.RECORDS_TAKEN,
    CrashPoint.OFFSETS_SENT,
    CrashPoint.COMMITTED,
]
RELAY_POINTS = [*WORKER_POINTS, CrashPoint.REMOVED]
CONSUMER_POINTS = [
    CrashPoint.FETCHED,
    CrashPoint.APPLIED,
    CrashPoint.WRITTEN,
    CrashPoint.BURIED,
    CrashPoint.OFFSET_COMMITTED,
]


@dataclass
class Strike:
    """`signal` hits at the `nth` time that `point` is reached; at the first if it is reached once a start."""

    point: CrashPoint
    nth: int
    signal: signal.Signals

    def arm(self) -> None:
        if self.point in _ONCE:
            self.nth = 1
        crash_points.arm(self._reached)

    def _reached(self, point: CrashPoint) -> None:
        if point is self.point:
            self.nth -= 1
            if self.nth == 0:
                os.kill(os.getpid(), self.signal)
