"""Ends or freezes this very process at a crash point."""

import os
import signal
from dataclasses import dataclass

from event_bus import crash_points
from event_bus.crash_points import AT_START, CrashPoint


@dataclass
class Strike:
    """`signal` hits at the `nth` time that `point` is reached; at the first if it is reached once a start."""

    point: CrashPoint
    nth: int
    signal: signal.Signals

    def arm(self) -> None:
        if self.point in AT_START:
            self.nth = 1
        crash_points.arm(self._reached)

    def _reached(self, point: CrashPoint) -> None:
        if point is self.point:
            self.nth -= 1
            if self.nth == 0:
                os.kill(os.getpid(), self.signal)
