"""A shop of the benchmark's own, started and stopped by the same command that people use."""

import contextlib
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psutil

from dev import ports
from dev.paths import ROOT


@dataclass
class RunningShop:
    """What `./shop status --json` tells, and how long the two starts took (seconds)."""

    state: str
    first_start: float
    second_start: float
    status: dict[str, Any] = field(default_factory=dict)

    @property
    def websocket(self) -> str:
        return self.url("logs_service").replace("http", "ws") + "/"

    def url(self, service: str) -> str:
        return str(self.status["services"][service]["url"])

    def port(self, service: str) -> int:
        return int(self.url(service).rpartition(":")[2])

    def process(self, service: str) -> psutil.Process:
        return psutil.Process(self.status["services"][service]["pid"])

    def processes(self) -> dict[str, psutil.Process]:
        """Everything that runs for this shop, the launcher included."""
        found = {name: self.process(name) for name in self.status["services"]}
        for server in ("kafka", "mongo"):
            found[server] = psutil.Process(self.status[server]["pid"])
        parent = found["kafka"].parent()
        if parent is not None and parent.pid != 1:
            found["launcher"] = parent
        return found


@contextlib.contextmanager
def running_shop() -> Iterator[RunningShop]:
    """Starts it, stops it and starts it again: the second start is the one that counts."""
    with tempfile.TemporaryDirectory(prefix="shop-bench-") as state:
        flags = ["--state", state]
        start = [*flags, "--ports-from", str(ports.free_range(13))]
        first = _timed("up", "-d", *start)
        try:
            _shop("down", *flags)
            second = _timed("up", "-d", *start)
            shop = RunningShop(state, first, second)
            shop.status = json.loads(_shop("status", "--json", *flags))
            yield shop
        finally:
            _shop("down", *flags)


def _shop(*arguments: str) -> str:
    return subprocess.run([ROOT / "shop", *arguments], check=True, capture_output=True, text=True).stdout


def _timed(*arguments: str) -> float:
    begun = time.perf_counter()
    _shop(*arguments)
    return time.perf_counter() - begun
