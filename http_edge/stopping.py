"""How a part that runs in the background ends the process: with an exit code, and one line that says why."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import structlog

log = structlog.stdlib.get_logger("http_edge")


def _nobody_serves() -> None:
    """In tests without a server a stop is only remembered."""


class Stop:
    """`stop(exit_code, reason)`, from the event loop's thread. The first code wins, but any failure beats a 0."""

    def __init__(self) -> None:
        self.exit_code: int | None = None
        self.reason = ""
        self.on_stop: Callable[[], None] = _nobody_serves
        self._told: set[Callable[[], object]] = set()

    @property
    def asked(self) -> bool:
        return self.exit_code is not None

    @contextmanager
    def tells(self, ending: Callable[[], object]) -> Iterator[None]:
        """For an answer without an end of its own. Inside, `ending` is called by the event loop when a stop is asked
        for (a signal handler may ask), and at once if it was."""
        tell = partial(asyncio.get_running_loop().call_soon_threadsafe, ending)
        self._told.add(tell)
        if self.asked:
            tell()
        try:
            yield
        finally:
            self._told.discard(tell)

    def __call__(self, exit_code: int, reason: str) -> None:
        if self.exit_code or (self.asked and exit_code == 0):
            return
        first = not self.asked
        self.exit_code, self.reason = exit_code, reason
        if exit_code == 0:
            log.info("stopping", reason=reason)
        else:
            log.error("stopping", reason=reason, exit_code=exit_code)
        if first:
            self.on_stop()
            for tell in tuple(self._told):
                tell()
