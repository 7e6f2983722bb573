"""A whole shop of `./shop up --secure`, and everything about it that somebody could look at."""

import os
import subprocess
import sys
from pathlib import Path

import httpx2 as httpx

from contracts.topics import ALL as TOPICS
from dev import status
from dev.paths import ROOT
from dev.ports import free_range
from dev.record import Record, read
from dev.secrets import Secrets
from event_bus.kafka import Consumer, opened
from event_bus.settings import Broker
from tests.secure.trying import as_admin

FOREIGN = ("KAFKA_BOOTSTRAP_SERVERS", "MONGO_URI", "TOPIC_PREFIX")


class SecureShop:
    """The command `./shop` on one state folder."""

    def __init__(self, state: Path, **settings: str) -> None:
        self.state, self.first_port = state, free_range(25)
        ours = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        self.environment = {**ours, "USERS_BCRYPT_COST": "4", "LOG_FORMAT": "json", **settings}

    def run(self, *arguments: str) -> str:
        argv = [sys.executable, "-m", "dev", *arguments, "--state", str(self.state)]
        done = subprocess.run(
            argv, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def up(self) -> str:
        return self.run("up", "-d", "--secure", "--ports-from", str(self.first_port))

    @property
    def record(self) -> Record:
        found = read(self.state)
        assert found is not None
        return found

    @property
    def users(self) -> str:
        return self.record.urls["users_service"]

    @property
    def payments(self) -> str:
        return self.record.urls["payments_service"]

    @property
    def secrets(self) -> Secrets:
        return Secrets(self.state / "secrets")

    @property
    def admin(self) -> Broker:
        return as_admin(self.record.bootstrap_servers, self.secrets.password("kafka_admin"))

    def ready(self) -> bool:
        return bool(status.as_json(self.state)["ready"])

    async def missing(self, http: httpx.AsyncClient, service: str) -> str:
        """What /readyz says; empty when nothing is missing."""
        answer = await http.get(f"{self.record.urls[service]}/readyz")
        return "" if answer.is_success else str(answer.json()["detail"])

    async def topics(self) -> bytes:
        """Every byte of every record."""
        found = []
        async with opened(Consumer(self.admin)) as consumer:
            partitions = await consumer.assign_all([topic.name for topic in TOPICS])
            ends = await consumer.ends(partitions)
            while any([await consumer.position(one) < ends[one] for one in partitions]):
                for record in await consumer.batch(partitions, 1_000, 0.1):
                    headers = [part for _, part in record.headers]
                    found += [record.key or b"", record.value or b"", *headers]
        return b"\n".join(found)

    def logs(self) -> bytes:
        return b"".join(file.read_bytes() for file in (self.state / "logs").iterdir())

    def files(self, *but: str) -> bytes:
        """Everything in the state folder, but for these folders of it."""
        there = (file for file in self.state.rglob("*") if file.is_file())
        kept = [file for file in there if file.relative_to(self.state).parts[0] not in but]
        return b"\n".join(file.read_bytes() for file in kept)

    def environments(self) -> bytes:
        """Of every child, with its command line: both are shown to others, and handed on."""
        children = [running.process() for running in self.record.processes.values()]
        told = [f"{child.environ()} {child.cmdline()}" for child in children if child]
        assert len(told) == len(children) > 5
        return "\n".join(told).encode()


def modes(folder: Path) -> set[int]:
    return {file.stat().st_mode & 0o777 for file in folder.rglob("*") if file.is_file()}
