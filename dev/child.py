"""One child process: started in a session of its own, its output in a file, stopped within a bound.

It must not know what the process is for, nor when to start it again.
"""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from dev.errors import ShopError
from dev.paths import ROOT

GRACE = 15.0  # seconds between SIGTERM and SIGKILL: a service promises to end in less


class Child:
    """A process of ours. Its pid is that of the process which does the work: there is no wrapper."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path = ROOT,
    ) -> None:
        self.name, self.log = name, log
        log.parent.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})}
        try:
            with log.open("ab") as output:  # append: the file may be cut from outside while it is written
                self._process = subprocess.Popen(
                    argv,
                    cwd=cwd,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # a terminal's Ctrl-C reaches the launcher alone
                )
        except OSError as error:
            raise ShopError(f"can't start {name}: {error}") from error
        self.pid = self._process.pid
        self.created = _created(self.pid)

    @property
    def exit_code(self) -> int | None:
        """None while it lives; minus the signal's number when one ended it."""
        return self._process.poll()

    @property
    def alive(self) -> bool:
        return self.exit_code is None

    def signal(self, number: signal.Signals) -> None:
        if self.alive:
            self._process.send_signal(number)

    def terminate(self) -> None:
        """Ask it to end. A frozen process is woken, or it could not hear."""
        self.signal(signal.SIGTERM)
        self.signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once, as a crash would, and reap it."""
        self.signal(signal.SIGKILL)
        self.wait(GRACE)

    def freeze(self) -> None:
        """Returns when its last thread has stopped: one that still runs may answer meanwhile."""
        if self.alive:
            self.signal(signal.SIGSTOP)
            os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)

    def wait(self, seconds: float) -> int:
        """The exit code; subprocess.TimeoutExpired if it has not ended by then."""
        return self._process.wait(seconds)

    def stop(self, grace: float = GRACE) -> int:
        """SIGTERM, then SIGKILL if it is still there after so many seconds."""
        self.terminate()
        return self.end(grace)

    def end(self, grace: float) -> int:
        """Wait for one that was asked to end; SIGKILL if it is still there after so many seconds."""
        try:
            return self.wait(grace)
        except subprocess.TimeoutExpired:
            self.kill()
            return self.wait(0)

    def last_lines(self, count: int = 20) -> str:
        return last_lines(self.log, count)


def last_lines(log: Path, count: int) -> str:
    """The end of a log, for a message to a person; empty when there is none."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 64 * 1024))  # 64 KiB hold any twenty lines that matter
        return "\n".join(file.read().decode(errors="replace").splitlines()[-count:])


def _created(pid: int) -> float:
    """When the process started: with the pid it names one process for ever. 0 if it is gone already."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return 0.0
