"""The services as processes: which there are, on which ports, and how to ask one whether it is ready.

It knows them by name alone: a service is `python -m NAME`, configured by its environment.
"""

import http.client
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dev.child import Child
from dev.server import Server

WITHIN = 2.0  # seconds for one look at /readyz; the caller looks again


@dataclass(frozen=True, slots=True)
class Kind:
    """A service as the launcher knows it; `offset` is its place after the number of --ports-from."""

    name: str
    port_variable: str
    port: int
    offset: int
    shown: tuple[str, str]  # to a person when all is ready: what is there, and at which path
    database_variable: str = ""  # the setting that names its database, if it has one

    @property
    def replicas_variable(self) -> str:
        """The setting that tells each how many there are, where it matters: who shares partitions joins a group."""
        return f"{self.port_variable.removesuffix('PORT')}REPLICAS"


KINDS = (
    Kind("users_service", "USERS_PORT", 3001, 1, ("register, log in", ""), "USERS_DATABASE"),
    Kind("payments_service", "PAYMENTS_PORT", 3002, 2, ("pay", ""), "PAYMENTS_DATABASE"),
    Kind("inventories_service", "INVENTORIES_PORT", 3003, 3, ("stock", "/stock"), "INVENTORIES_DATABASE"),
    Kind("notifications_service", "NOTIFICATIONS_PORT", 3004, 4, ("health of notifications", "/readyz")),
    Kind("logs_service", "LOGS_PORT", 3000, 0, ("watch every line", "")),
)
# Looks at Kafka; no service of the shop.
BROWSER = Kind("kafka_browser", "KAFKA_BROWSER_PORT", 8080, 13, ("look into Kafka", ""))
STARTED = (*KINDS, BROWSER)
INIT = "kafka_init"  # runs once, before the services, and ends


class Service(Server):
    """One process of a service. The environment must name its port too. `replica`: its name among several."""

    def __init__(
        self, service: str, port: int, log: Path, environment: Mapping[str, str], replica: str | None = None
    ) -> None:
        super().__init__(replica or service, port, log)
        self.service, self.environment = service, environment

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def spawn(self) -> Child:
        self.child = Child(self.name, [sys.executable, "-m", self.service], self.log, self.environment)
        return self.child

    def answers(self) -> bool:
        return readiness(self.port) is None

    def missing(self) -> str:
        return readiness(self.port) or ""


def readiness(port: int) -> str | None:
    """None when the service on this port is ready; else what it says is missing."""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WITHIN)
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
    except (OSError, http.client.HTTPException):
        return f"no answer on port {port}"
    return None if answer.status == 200 else _problem(body)


def _problem(body: bytes) -> str:
    try:
        problem = json.loads(body)
        return str(problem.get("detail") or problem.get("title") or problem)
    except (ValueError, AttributeError):
        return body.decode(errors="replace")[:200]
