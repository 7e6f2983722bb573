"""An instance of a service: the service itself in a process of its own, which may be struck at a chosen step.

They are forked from a process that has imported the machinery already: a tenth of a second instead of one and a half.
"""

import contextlib
import multiprocessing
import os
import runpy
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from multiprocessing.connection import wait
from pathlib import Path

import psutil

import event_bus.kafka
import http_edge
from dev import ports
from dev.child import GRACE, last_lines
from dev.services import KINDS, readiness
from tests.event_bus.strike import Strike

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__, http_edge.__name__])

# An exit code can be read once, and to start a process reads those of all others: of two threads that do so at
# once the second would take the end of the stream for the code 255.
_reading = threading.Lock()


class Instance:
    """`environment`: the settings that all instances share; the port is its own."""

    def __init__(
        self, service: str, log: Path, environment: Mapping[str, str], strike: Strike | None = None
    ) -> None:
        self.log, (self.port,) = log, ports.free(1)
        settings = {**environment, settings_prefix(service) + "PORT": str(self.port)}
        self._process = _processes.Process(
            target=_run, args=(service, str(log), settings, strike), daemon=True
        )
        with _reading:
            self._process.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def is_ready(self) -> bool:
        """An instance that has ended instead is an error."""
        assert not self.is_over(), f"it ended with {self.exit_code}: {last_lines(self.log, 20)}"
        return readiness(self.port) is None

    def serves(self) -> bool:
        """Whether it answers at all; before that it may die of a signal that asks it to end."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def is_over(self) -> bool:
        return self.exit_code is not None

    @property
    def exit_code(self) -> int | None:
        with _reading:
            return self._process.exitcode

    def is_frozen(self) -> bool:
        """Whether it has stopped itself."""
        assert not self.is_over(), f"it ended with {self.exit_code}: {last_lines(self.log, 20)}"
        return psutil.Process(self.pid).status() == psutil.STATUS_STOPPED

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        self._process.kill()
        self._wait()

    def terminate(self) -> None:
        """Ask it to end. A frozen one is woken, or it could not hear."""
        if not self.is_over():
            self._process.terminate()
            self.thaw()

    def stop(self) -> int:
        """The exit code; SIGKILL if it does not end."""
        self.terminate()
        self._wait()
        if not self.is_over():
            self.kill()
        code = self.exit_code
        assert code is not None
        return code

    def _wait(self) -> None:
        wait([self._process.sentinel], GRACE)


def settings_prefix(service: str) -> str:
    """What the names of its settings begin with: INVENTORIES_."""
    (kind,) = (kind for kind in KINDS if kind.name == service)
    return kind.port_variable.removesuffix("PORT")


def _run(service: str, log: str, environment: Mapping[str, str], strike: Strike | None) -> None:
    """In the forked process: as `python -m SERVICE`."""
    os.setsid()
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(output, stream.fileno())
    os.environ.update(environment)
    event_bus.kafka.SESSION_TIMEOUT_MS = 6_000  # the broker's least: a dead instance is missed sooner
    if strike:
        strike.arm()
    sys.argv = [service]
    runpy.run_module(service, run_name="__main__", alter_sys=True)
