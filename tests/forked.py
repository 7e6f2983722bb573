"""Programs of this project as processes, forked from one that has imported the machinery already.

A twentieth of a second of CPU each instead of two thirds, and a run of all tests starts some hundreds. As people
start them, by a Python of its own each, they run in tests/dev, tests/secure and tests/containers.
"""

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import wait
from pathlib import Path
from tempfile import TemporaryDirectory

from dev.child import Child, _created
from dev.paths import ROOT
from dev.services import Service

_processes = multiprocessing.get_context("forkserver")
# pytest, because each process imports the main module of the one that asks for it.
_processes.set_forkserver_preload([__name__, "event_bus", "http_edge", "pytest"])

# An exit code can be read once, and to start a process reads those of all others: of two threads that do so at
# once the second would take the end of the stream for the code 255.
_reading = threading.Lock()


class Forked(Child):
    """As `python -m MODULE ARGUMENTS`. `before` is called in the process before the module runs.

    It is no child of this process: it can't be frozen from outside.
    """

    def __init__(
        self,
        name: str,
        module: str,
        log: Path,
        env: Mapping[str, str] | None = None,
        arguments: Sequence[str] = (),
        before: Callable[[], None] | None = None,
    ) -> None:
        self.name, self.log = name, log
        log.parent.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, **(env or {})}
        self._process = _Process([module, *arguments], environment, log, log, before)
        self.pid = self._process.pid
        self.created = _created(self.pid)


class ForkedService(Service):
    """A service as such a process."""

    def spawn(self) -> Child:
        self.child = Forked(self.name, self.service, self.log, self.environment)
        return self.child


def run(argv: Sequence[str], env: Mapping[str, str], timeout: float) -> subprocess.CompletedProcess[str]:
    """`argv`: a module and its arguments. As subprocess.run with `python -m` before them, all output captured."""
    with TemporaryDirectory() as folder:
        said, complained = Path(folder, "stdout"), Path(folder, "stderr")
        process = _Process(argv, env, said, complained)
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            raise
        return subprocess.CompletedProcess(argv, code, said.read_text(), complained.read_text())


class _Process:
    """What `Child` asks of a process, and subprocess.Popen answers for its own."""

    def __init__(self, *what: object) -> None:
        self._forked = _processes.Process(target=_run, args=what, daemon=True)
        with _reading:
            self._forked.start()
        self.pid: int = self._forked.pid

    def poll(self) -> int | None:
        with _reading:
            return self._forked.exitcode

    def wait(self, seconds: float) -> int:
        wait([self._forked.sentinel], seconds)
        if (code := self.poll()) is None:
            raise subprocess.TimeoutExpired(self._forked.name, seconds)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)


def _run(
    argv: Sequence[str],
    environment: Mapping[str, str],
    stdout: Path,
    stderr: Path,
    before: Callable[[], None] | None = None,
) -> None:
    """In the forked process: as if a Python had been started for it."""
    os.setsid()
    os.chdir(ROOT)
    for stream, file in ((sys.stdout, stdout), (sys.stderr, stderr)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644), stream.fileno())
        stream.reconfigure(write_through=True)
    os.environ.clear()
    os.environ.update(environment)
    if before:
        before()
    sys.argv = list(argv)
    runpy.run_module(argv[0], run_name="__main__", alter_sys=True)
