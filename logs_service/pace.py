"""How long lines wait for more, so that they share system calls: not at all while each can go by itself with time to
spare, and longer the longer it takes to write to everybody. No clock: the times are given.
"""

TICK_SECONDS = 0.001  # the least that a wait is worth
LONGEST_TICK_SECONDS = 0.020
# At four times a pass the hub keeps a core busy for a fifth, however many lines there are.
TICK_PER_PASS = 4
# Lines that come slower than this many passes, and than a tick, do not wait: they keep two thirds of a core at most.
FREE_PER_PASS = 1.5
_SMOOTHING = 8  # the mean of about so many: one pass that something else held up is no reason


class Pace:
    def __init__(self) -> None:
        self._pass = 0.0
        self._gap = 0.0
        self._last = float("-inf")

    def published(self, lines: int, now: float) -> None:
        """So many at once. Per line: while everybody is written to they gather, and come together afterwards."""
        most = 4 * self._free  # a long silence is not to outweigh the rush after it
        gap = min((now - self._last) / lines, most)
        self._gap += (gap - self._gap) * min(lines / _SMOOTHING, 1)
        self._last = now

    def passed(self, seconds: float) -> None:
        self._pass += (seconds - self._pass) / _SMOOTHING

    @property
    def tick(self) -> float:
        """Seconds between two flushes."""
        if self._gap > self._free:
            return 0.0
        return min(max(self._pass * TICK_PER_PASS, TICK_SECONDS), LONGEST_TICK_SECONDS)

    @property
    def _free(self) -> float:
        return max(self._pass * FREE_PER_PASS, TICK_SECONDS)
