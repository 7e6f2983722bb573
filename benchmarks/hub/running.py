"""The processes of a measurement: a server on one core, its clients on the other one."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from dev import environments
from dev.paths import ROOT

PYTHON = Path(sys.executable)
SPARE_FILES = 300  # of a process beside its connections
OURS = ("ring", "broadcast", "send_text")
Answer = dict[str, Any]


class NotHere(Exception):
    """A server that the hub is measured against does not run on this machine."""


class Told:
    """A process that answers each line of JSON with one."""

    def __init__(self, argv: Sequence[str], core: int) -> None:
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._name = argv[-1]
        self.process = subprocess.Popen(argv, cwd=ROOT, **pipes)
        pin(self.process.pid, core)

    def say(self, order: object) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise NotHere(f"{self._name} ended with {self.process.wait()}")
        return json.loads(line)

    def do(self, name: str, *arguments: object) -> Any:
        self.say([name, *arguments])
        return self.answer()

    def memory(self) -> int:
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def end(self) -> None:
        assert self.process.stdin
        assert self.process.stdout
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class Fed(Told):
    """One that has a Feeder."""

    def feed(self, rate: float, seconds: float, **more: object) -> Answer:
        self.begin(rate, seconds, **more)
        return dict(self.answer())

    def begin(self, rate: float, seconds: float, **more: object) -> None:
        """Its answer is still to be taken."""
        self.say({"rate": rate, "seconds": seconds, **more})


class Server(Fed):
    """One of the `*_server.py` beside this file."""

    def __init__(self, way: str) -> None:
        super().__init__([str(_python(way)), "-m", f"benchmarks.hub.{way}_server"], 0)
        self.port: int = self.answer()


class Clients(Told):
    def __init__(self, port: int) -> None:
        super().__init__([sys.executable, "-m", "benchmarks.hub.watching", str(port)], 1)


@contextmanager
def server(way: str = "ring") -> Iterator[Server]:
    running = Server(way)
    try:
        yield running
    finally:
        running.end()


@contextmanager
def clients(port: int, count: int = 0, samples: int = 0) -> Iterator[Clients]:
    """All are connected."""
    running = Clients(port)
    try:
        running.do("join", count, samples)
        yield running
    finally:
        running.end()


def pin(pid: int, core: int) -> None:
    """To the first or the second core that we may use, where the system can do that and there are two."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) > 1:
            os.sched_setaffinity(pid, {cores[core]})


def connections(wanted: int) -> int:
    """How many a process of ours may have: as many as wanted, if the system lets us open as many files."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = wanted + SPARE_FILES if most == resource.RLIM_INFINITY else min(wanted + SPARE_FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, most))
    return limit - SPARE_FILES


def _python(way: str) -> Path:
    return PYTHON if way in OURS else environments.tool("hub_baselines") / "bin" / "python"
