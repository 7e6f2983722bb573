"""An instance of a service: the service itself in a process of its own, which may be struck at a chosen step."""

import contextlib
import socket
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import psutil

import event_bus.kafka
from dev import ports
from dev.child import last_lines
from dev.services import KINDS, readiness
from tests.event_bus.strike import Strike
from tests.forked import Forked


class Instance:
    """`environment`: the settings that all instances share; the port is its own."""

    def __init__(
        self, service: str, log: Path, environment: Mapping[str, str], strike: Strike | None = None
    ) -> None:
        self.log, (self.port,) = log, ports.free(1)
        settings = {**environment, settings_prefix(service) + "PORT": str(self.port)}
        self._child = Forked(service, service, log, settings, before=partial(_mortal, strike))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self._child.pid

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
        return not self._child.alive

    @property
    def exit_code(self) -> int | None:
        return self._child.exit_code

    def is_frozen(self) -> bool:
        """Whether it has stopped itself."""
        assert not self.is_over(), f"it ended with {self.exit_code}: {last_lines(self.log, 20)}"
        return psutil.Process(self.pid).status() == psutil.STATUS_STOPPED

    def thaw(self) -> None:
        self._child.thaw()

    def kill(self) -> None:
        self._child.kill()

    def terminate(self) -> None:
        """Ask it to end. A frozen one is woken, or it could not hear."""
        self._child.terminate()

    def stop(self) -> int:
        """The exit code; SIGKILL if it does not end."""
        return self._child.stop()


def settings_prefix(service: str) -> str:
    """What the names of its settings begin with: INVENTORIES_."""
    (kind,) = (kind for kind in KINDS if kind.name == service)
    return kind.port_variable.removesuffix("PORT")


def _mortal(strike: Strike | None) -> None:
    """In the process, before the service runs."""
    event_bus.kafka.SESSION_TIMEOUT_MS = 6_000  # the broker's least: a dead instance is missed sooner
    if strike:
        strike.arm()
