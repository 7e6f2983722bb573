"""What one run of the shop consists of: its state folder, its ports, where Kafka and MongoDB are, its settings.

Made once from the flags, the environment and `.env` beside the code; it starts nothing.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dotenv import dotenv_values

from dev import ports, scale
from dev.errors import ShopError
from dev.paths import ROOT
from dev.services import STARTED

STATE = ROOT / ".shop"

# The place of each after the number of --ports-from. 5 to 9 are those of services to come.
OFFSETS = {kind.name: kind.offset for kind in STARTED} | {"kafka": 10, "controller": 11, "mongo": 12}
USUAL = {kind.name: kind.port for kind in STARTED} | {"kafka": 9092, "controller": 9093, "mongo": 27017}
VARIABLES = {kind.name: kind.port_variable for kind in STARTED} | {
    "kafka": "KAFKA_PORT",
    "controller": "KAFKA_CONTROLLER_PORT",
    "mongo": "MONGO_PORT",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """Frozen before anything starts. `environment` is what every child gets besides the launcher's own."""

    state: Path
    ports: Mapping[str, int]
    settings: Mapping[str, str]
    scale: Mapping[str, int] = field(default_factory=dict)  # how many of a service, where that was said
    secure: bool = False  # Kafka and the database ask who somebody is

    def placed(self) -> "Plan":
        """With a port for each replica. To be asked when nothing of an earlier run holds one any more."""
        return replace(self, ports={**self.ports, **scale.further_ports(self.ports, self.scale)})

    @property
    def own_kafka(self) -> bool:
        """False when KAFKA_BOOTSTRAP_SERVERS names somebody else's."""
        return not self.settings.get("KAFKA_BOOTSTRAP_SERVERS")

    @property
    def own_mongo(self) -> bool:
        """False when MONGO_URI names somebody else's."""
        return not self.settings.get("MONGO_URI")

    @property
    def needed_ports(self) -> dict[str, int]:
        """The ports that must be free: those of what is started here."""
        foreign = set() if self.own_kafka else {"kafka", "controller"}
        foreign |= set() if self.own_mongo else {"mongo"}
        return {name: port for name, port in self.ports.items() if name not in foreign}

    @property
    def logs(self) -> Path:
        return self.state / "logs"


def settings(environ: Mapping[str, str] = os.environ, file: Path = ROOT / ".env") -> dict[str, str]:
    """What `.env` says, and what the environment says against it."""
    written = {name: value for name, value in dotenv_values(file).items() if value is not None}
    return written | dict(environ)


def make(state: Path, ports_from: int | None, wanted: Sequence[str] = (), secure: bool = False) -> Plan:
    """`wanted`: SERVICE=NUM of --scale."""
    given = settings()
    numbered = _ports(given) if ports_from is None else _counted(ports_from)
    made = Plan(state.absolute(), numbered, given, scale.counts(wanted), secure)
    if secure and not made.own_kafka:
        raise ShopError(
            "--secure makes accounts on the Kafka that is started here, and KAFKA_BOOTSTRAP_SERVERS names another one"
        )
    return made


def on_free_ports(state: Path) -> Plan:
    """For a shop of the moment, beside whatever else runs."""
    names = list(OFFSETS)
    return Plan(state.absolute(), dict(zip(names, ports.free(len(names)), strict=True)), settings())


def _counted(first: int) -> dict[str, int]:
    if not 1024 <= first <= 65535 - max(OFFSETS.values()):
        raise ShopError(f"--ports-from {first} is out of range: take a number from 1024 to 65500")
    return {name: first + offset for name, offset in OFFSETS.items()}


def _ports(given: Mapping[str, str]) -> dict[str, int]:
    return {name: _port(given, VARIABLES[name], usual) for name, usual in USUAL.items()}


def _port(given: Mapping[str, str], variable: str, usual: int) -> int:
    text = given.get(variable) or str(usual)
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise ShopError(f"{variable}={text} is not a port: a number from 1 to 65535 is needed")
    return int(text)
