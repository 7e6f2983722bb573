"""`./shop dlq …` called as a process, on a state folder that names a Kafka."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dev.paths import ROOT
from dev.record import Ident, Record

Finished = subprocess.CompletedProcess[str]
Dlq = Callable[..., Finished]


def command(state: Path, prefix: str, kafka: str = "") -> Dlq:
    """`kafka`: what KAFKA_BOOTSTRAP_SERVERS says."""

    def run(*arguments: str) -> Finished:
        argv = [sys.executable, "-m", "dev", "dlq", *arguments, "--state", str(state)]
        environment = {**os.environ, "TOPIC_PREFIX": prefix, "KAFKA_BOOTSTRAP_SERVERS": kafka}
        return subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)

    return run


def running(state: Path, bootstrap_servers: str) -> None:
    """As the launcher leaves it there for other commands."""
    state.mkdir()
    record = Record(
        launcher=Ident.of(os.getpid()), bootstrap_servers=bootstrap_servers, mongo_uri="", urls={}
    )
    record.write(state)


def listed(done: Finished) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found
