"""The shop of docker-compose.yml as a test sees it: a copy of the tree, a project, ports and images of its own.

It knows both programs, docker-compose and docker compose, and does what a person would do at a terminal.
"""

import json
import os
import shutil
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dev import ports
from dev.paths import ROOT
from dev.services import KINDS
from dev.waiting import until

COMPOSES = {"docker-compose": ["docker-compose"], "docker compose": ["docker", "compose"]}
SERVICES = {kind.name.replace("_", "-"): kind.port for kind in KINDS}
BESIDE = ("kafka", "users-service-database", "kafka-ui")
INIT = "kafka-init"  # runs once and ends
RUNNING = (*SERVICES, *BESIDE)
PORTS = (*(kind.port_variable for kind in KINDS), "KAFKA_PORT", "KAFKA_UI_PORT")
SECRET = "nobody-may-find-this-in-an-image"
NOT_COPIED = (".git", ".venv", ".tools", ".shop*", "__pycache__", ".*_cache", ".hypothesis", ".env")
READY_WITHIN = 90.0  # seconds; 20 on a quiet machine


def missing() -> str:
    """Why these tests can't run here; empty when they can."""
    if not any(_works([*compose, "version"]) for compose in COMPOSES.values()):
        return "no docker-compose here"
    return "" if _works(["docker", "info"]) else "no Docker daemon answers"


def present() -> list[str]:
    return [name for name, compose in COMPOSES.items() if _works([*compose, "version"])]


def _works(command: Sequence[str]) -> bool:
    return (
        shutil.which(command[0]) is not None and not subprocess.run(command, capture_output=True).returncode
    )


class Stack:
    """One project. Services go by their names in docker-compose.yml."""

    def __init__(self, compose: str, folder: Path) -> None:
        self._compose, self.folder = COMPOSES[compose], folder
        self.project = f"shoptest{uuid.uuid4().hex[:6]}"
        self.ports = dict(zip(PORTS, ports.free(len(PORTS)), strict=True))
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_COPIED))
        # What lies beside the code on a developer's machine: settings, and things that are nobody's business.
        settings = {name: str(port) for name, port in self.ports.items()} | {"A_SECRET": SECRET}
        (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        (folder / "users_service" / ".env").write_text(SECRET)
        (folder / ".shop" / "secrets").mkdir(parents=True)
        (folder / ".shop" / "secrets" / "kafka_admin").write_text(SECRET)

    def url(self, variable: str) -> str:
        return f"http://127.0.0.1:{self.ports[variable]}"

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.ports['KAFKA_PORT']}"

    def compose(self, *words: str) -> str:
        command = [*self._compose, "-p", self.project, *words]
        done = subprocess.run(command, cwd=self.folder, env=_environment(), capture_output=True, text=True)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        return done.stdout

    def containers(self, service: str) -> list[str]:
        """Their ids, whether they run or not."""
        label = "label=com.docker.compose"
        which = ["--filter", f"{label}.project={self.project}", "--filter", f"{label}.service={service}"]
        return docker("ps", "--all", "--quiet", "--no-trunc", *which).split()

    def container(self, service: str) -> str:
        (one,) = self.containers(service)
        return one

    def inspect(self, service: str) -> Any:
        return json.loads(docker("inspect", self.container(service)))[0]

    def state(self, service: str) -> Mapping[str, Any]:
        state: Mapping[str, Any] = self.inspect(service)["State"]
        return state

    def shell(self, service: str, script: str) -> str:
        """What the script prints, run in the container as its user."""
        return self.try_shell(service, script).stdout

    def try_shell(self, service: str, script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["docker", "exec", self.container(service), "sh", "-c", script], capture_output=True, text=True
        )

    def kill(self, service: str, first: str = "true") -> None:
        """kill -9 of all that runs in the container. (After `docker kill` Docker would not start it again.)

        `first`: a command that is run there at the last moment.
        """
        before = self.inspect(service)["RestartCount"]
        self.try_shell(service, f"{first}; kill -9 -1")
        assert until(lambda: self.inspect(service)["RestartCount"] > before, 20), (
            f"{service} was not restarted"
        )

    def lines(self, service: str) -> list[dict[str, Any]]:
        """The log lines of the shop that the service's containers printed."""
        said = "".join(docker("logs", container) for container in self.containers(service))
        return [json.loads(line) for line in said.splitlines() if line.startswith('{"time"')]

    def first_shown(self, service: str) -> dict[str, str]:
        """When the service's containers printed each event, by Docker's clock."""
        said = "".join(docker("logs", "--timestamps", container) for container in self.containers(service))
        stamped = (line.split(" ", 1) for line in said.splitlines())
        times = [(json.loads(line)["event_id"], time) for time, line in stamped if line.startswith('{"time"')]
        return dict(sorted(times, key=lambda shown: shown[1], reverse=True))

    def until_healthy(self, *services: str) -> None:
        for service in services or RUNNING:
            assert until(lambda name=service: self._healthy(name), READY_WITHIN), (  # type: ignore[misc]
                f"{service}: {self.state(service)}"
            )

    def _healthy(self, service: str) -> bool:
        states = [json.loads(docker("inspect", one))[0]["State"] for one in self.containers(service)]
        return bool(states) and all(state.get("Health", {}).get("Status") == "healthy" for state in states)

    def until_unhealthy(self, *services: str) -> None:
        for service in services:
            assert until(
                lambda name=service: self.state(name)["Health"]["Status"] == "unhealthy",  # type: ignore[misc]
                READY_WITHIN,
            ), service

    def said(self, service: str) -> str:
        """All that its container wrote so far."""
        return docker("logs", self.container(service))

    def leftovers(self) -> str:
        """Containers, volumes and networks of this project."""
        mine = ["--quiet", "--filter", f"label=com.docker.compose.project={self.project}"]
        return docker("ps", "--all", *mine) + docker("volume", "ls", *mine) + docker("network", "ls", *mine)


def docker(*words: str) -> str:
    """stdout and stderr of the docker command, which must succeed."""
    done = subprocess.run(["docker", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, f"docker {' '.join(words)}: {done.stdout[-2000:]}"
    return done.stdout


def _environment() -> dict[str, str]:
    """Without the settings of whoever runs the tests."""
    return {
        name: value for name, value in os.environ.items() if name in ("PATH", "HOME") or name[:7] == "DOCKER_"
    }
