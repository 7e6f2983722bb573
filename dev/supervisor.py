"""Starts again what dies, with a growing pause. Decides by exit code and clock alone; it must not know who is who."""

import signal
from dataclasses import dataclass

import psutil

from dev.server import Server

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0  # seconds before the next start, doubled each time
RAN_WELL = 30.0  # seconds: who lived so long starts with the first pause again
EX_CONFIG = 78  # a setting is wrong: starting again would change nothing
EX_TEMPFAIL = 75  # another process has our transactional id

REASONS = {
    EX_CONFIG: "a setting is wrong; it is not started again: see ./shop logs",
    EX_TEMPFAIL: "another process uses its transactional id: does the same shop run twice on one Kafka?",
}


@dataclass(slots=True)
class Pause:
    """How long to wait before the next start of one process."""

    seconds: float = FIRST_PAUSE

    def after(self, lived: float) -> float:
        """The pause to make now, after a life of so many seconds; the next one will be longer."""
        now = FIRST_PAUSE if lived >= RAN_WELL else self.seconds
        self.seconds = min(2 * now, LONGEST_PAUSE)
        return now


class Supervised:
    """One server under watch."""

    def __init__(self, server: Server, now: float) -> None:
        self.server, self.started = server, now
        self.restarts, self.problem = 0, ""
        self._pause = Pause()
        self._start_at: float | None = None

    def look(self, now: float) -> str | None:
        """What happened since the last look, as a line for a person; None if nothing did."""
        if self.server.running.alive or self.problem == REASONS[EX_CONFIG]:
            return None
        if self._start_at is None:
            return self._died(now)
        if now >= self._start_at:
            self._start_again(now)
        return None

    def _died(self, now: float) -> str:
        code = self.server.running.exit_code or 0
        self.problem = REASONS.get(code, "")
        if code == EX_CONFIG:
            return f"{self.server.name}: {self.problem} {self.server.name}"
        pause = self._pause.after(lived=now - self.started)
        self._start_at = now + pause
        return f"{self.server.name} ended with {ending(code)}: started again in {pause:g} s. {self.problem}".rstrip()

    def _start_again(self, now: float) -> None:
        self.server.spawn()
        self.started, self._start_at = now, None
        self.restarts += 1


def ending(code: int) -> str:
    """`SIGKILL` reads better than -9."""
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def is_frozen(pid: int) -> bool:
    """Stopped by SIGSTOP or a debugger. Such a process is reported and never started again."""
    try:
        return bool(psutil.Process(pid).status() in (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP))
    except psutil.Error:
        return False
