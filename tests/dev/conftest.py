"""Tests of the launcher run the real command as a process, on state folders and ports of their own."""

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dev import leftovers
from dev.kafka import Kafka
from dev.mongo import Mongo
from dev.paths import ROOT
from dev.ports import free_range
from dev.record import Record, read
from dev.services import KINDS
from dev.waiting import until

Finished = subprocess.CompletedProcess[str]


class Command:
    """`./shop …` on one state folder and one range of ports."""

    def __init__(self, state: Path, environment: dict[str, str]) -> None:
        self.state, self.first_port = state, free_range(25)
        self.environment = {**os.environ, **environment}
        self.launchers: list[subprocess.Popen[str]] = []

    def __call__(self, *arguments: str) -> Finished:
        """Run it to its end."""
        argv = [*self.argv(arguments[0]), *arguments[1:]]
        return subprocess.run(
            argv, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=90
        )

    def keys(self, what: str, *arguments: str) -> Finished:
        argv = [sys.executable, "-m", "dev", "keys", what, "--state", str(self.state), *arguments]
        return subprocess.run(
            argv, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=90
        )

    def up(self, *arguments: str) -> Finished:
        done = self("up", "-d", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """`up` in the foreground."""
        argv = [*self.argv("up"), *arguments]
        launcher = subprocess.Popen(argv, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, text=True)
        self.launchers.append(launcher)
        return launcher

    def status(self) -> dict[str, Any]:
        done = self("status", "--json")
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def record(self) -> Record:
        found = read(self.state)
        assert found is not None
        return found

    def wait_ready(self) -> None:
        assert until(lambda: bool((found := read(self.state)) and found.ready), 60)

    def kill_launcher(self) -> Record:
        """SIGKILL to the launcher alone. Gives what it had written."""
        found = self.record()
        os.kill(found.launcher.pid, signal.SIGKILL)
        assert until(lambda: found.launcher.process() is None, 10)
        return found

    def clean(self) -> None:
        self("down")
        for launcher in self.launchers:
            launcher.communicate(timeout=60)

    def argv(self, name: str) -> list[str]:
        ports = ["--ports-from", str(self.first_port)] if name in ("up", "doctor") else []
        return [sys.executable, "-m", "dev", name, "--state", str(self.state), *ports]


@pytest.fixture
def shop_command(tmp_path: Path, kafka: Kafka, mongo: Mongo) -> Iterator[Command]:
    """The command, told to use this run's Kafka and database: it starts the services alone, in a few seconds."""
    command = Command(tmp_path / "state", _on(kafka, mongo))
    yield command
    command.clean()


@pytest.fixture(scope="module")
def running_shop(tmp_path_factory: pytest.TempPathFactory, kafka: Kafka, mongo: Mongo) -> Iterator[Command]:
    """As `shop_command`, started once for all tests that only look."""
    command = Command(tmp_path_factory.mktemp("running") / "state", _on(kafka, mongo))
    command.up()
    yield command
    command.clean()


def _on(kafka: Kafka, mongo: Mongo) -> dict[str, str]:
    prefix = f"d{uuid.uuid4().hex[:8]}-"
    databases = {kind.database_variable: prefix + kind.name for kind in KINDS if kind.database_variable}
    return (
        databases
        | {"TOPIC_PREFIX": prefix}
        | {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "MONGO_URI": mongo.uri}
    )


@pytest.fixture
def whole_shops(tmp_path: Path) -> Iterator[list[Command]]:
    """Two commands that bring everything themselves, side by side."""
    nothing_foreign = {"KAFKA_BOOTSTRAP_SERVERS": "", "MONGO_URI": "", "TOPIC_PREFIX": ""}
    commands = [Command(tmp_path / name, nothing_foreign) for name in ("one", "two")]
    yield commands
    for command in commands:
        command.clean()


def living(found: Record) -> list[str]:
    """The names of the recorded processes that still live."""
    return list(leftovers.living(found))
