"""Waiting for a condition, with a deadline."""

import time
from collections.abc import Callable

PAUSE = 0.05  # short beside the second that a process takes to start, long beside the cost of one look


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """True as soon as the condition holds, False when it did not within so many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(PAUSE)
    return True
