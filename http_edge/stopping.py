"""How a part that runs in the background ends the process: with an exit code, and one line that says why."""

from collections.abc import Callable

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

    @property
    def asked(self) -> bool:
        return self.exit_code is not None

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
