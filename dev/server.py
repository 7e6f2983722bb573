"""A process of ours that listens on a port (Kafka, MongoDB, a service): start, stop, kill, freeze, start again.

What is common to all; it must not know which it is.
"""

import os
from abc import ABC, abstractmethod
from pathlib import Path

from dev.child import GRACE, Child
from dev.errors import NotReady, ShopError
from dev.waiting import until

READY_WITHIN = 60.0  # seconds; a broker that was killed reads its logs first, a quarter minute at worst


class Server(ABC):
    """`start()` returns when it really answers; after `stop()` or `kill()` it may be started again."""

    def __init__(self, name: str, port: int, log: Path) -> None:
        self.name, self.port, self.log = name, port, log
        self.child: Child | None = None

    @abstractmethod
    def spawn(self) -> Child:
        """Start the process and return at once."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it does its work now: a question to the server itself, not only an open port."""

    def start(self, within: float = READY_WITHIN) -> None:
        self.spawn()
        self.wait_ready(within)

    def wait_ready(self, within: float = READY_WITHIN) -> None:
        if until(lambda: not self.running.alive or self.answers(), within) and self.running.alive:
            return
        why = self.missing() if self.running.alive else f"it ended with {self.running.exit_code}"
        last = self.running.last_lines(1)
        raise NotReady(f"{self.name} is not ready: {why}; its log is {self.log}, the last line: {last}")

    def missing(self) -> str:
        """What it waits for, in words."""
        return f"no answer on port {self.port}"

    def terminate(self) -> None:
        """Ask it to end, and return at once."""
        self.running.terminate()

    def wait(self, within: float = GRACE) -> int:
        """The exit code, once it has ended; subprocess.TimeoutExpired if it has not by then."""
        return self.running.wait(within)

    def stop(self) -> None:
        """Ask it to end, wait, and end it if it does not."""
        if self.child:
            self.child.stop()

    def kill(self) -> None:
        """SIGKILL: what was in memory is lost, what was in the page cache is not."""
        self.running.kill()

    def freeze(self) -> None:
        self.running.freeze()

    def thaw(self) -> None:
        self.running.thaw()

    def restart(self) -> None:
        """On the same port and the same folder."""
        self.stop()
        self.start()

    @property
    def running(self) -> Child:
        if self.child is None:
            raise ShopError(f"{self.name} was not started")
        return self.child

    @property
    def pid(self) -> int:
        return self.running.pid


def writable(folder: Path) -> Path:
    """The folder, made if it is not there; one line to a person if that can't be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ShopError(
            f"{folder} can't be made ({error.strerror}): choose another folder with --state"
        ) from error
    if not os.access(folder, os.W_OK):
        raise ShopError(f"{folder} can't be written: choose another folder with --state")
    return folder
