"""A broker that asks who somebody is, with the topics, the accounts and the rights that kafka_init makes."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from contracts.accounts import ACCOUNTS
from dev import ports
from dev.child import Child
from dev.kafka import Guard, Kafka
from dev.secrets import Secrets
from dev.services import INIT
from event_bus.settings import Broker
from tests.secure.trying import as_account, as_admin

PREFIX = "guarded-"


@dataclass(frozen=True)
class Guarded:
    """The broker as each account sees it."""

    kafka: Kafka
    secrets: Secrets = field(repr=False)
    admin: Broker = field(init=False, repr=False)

    def __post_init__(self) -> None:
        password = self.secrets.password("kafka_admin")
        object.__setattr__(self, "admin", as_admin(self.kafka.bootstrap_servers, password, PREFIX))

    def account(self, name: str) -> Broker:
        return as_account(self.admin, name, (self.secrets / "kafka").password(name))

    def environment(self, account: str, file: Path, mechanism: str = "SCRAM-SHA-512") -> dict[str, str]:
        return {
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
            "TOPIC_PREFIX": PREFIX,
            "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
            "KAFKA_SASL_MECHANISM": mechanism,
            "KAFKA_SASL_USERNAME": account,
            "KAFKA_SASL_PASSWORD_FILE": str(file),
        }

    def environment_of(self, service: str) -> dict[str, str]:
        return self.environment(service, (self.secrets / "kafka").file(service))

    def environment_of_init(self) -> dict[str, str]:
        accounts = self.secrets / "kafka"
        for account in ACCOUNTS:
            accounts.file(account.name)
        admin: Mapping[str, str] = self.environment("admin", self.secrets.file("kafka_admin"), "PLAIN")
        return {**admin, "KAFKA_INIT_ACCOUNTS": str(accounts.folder), "LOG_FORMAT": "json"}

    def run_init(self, log: Path) -> str:
        """What kafka_init said. It made topics, accounts and rights."""
        child = Child(INIT, [sys.executable, "-m", INIT], log, self.environment_of_init())
        assert child.wait(60) == 0, log.read_text()
        return log.read_text()


@pytest.fixture(scope="package")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    secrets = Secrets(folder / "secrets")
    port, controller_port = ports.free(2)
    kafka = Kafka(folder, port, controller_port, guard=Guard(secrets.file("kafka_admin")))
    try:
        kafka.start()
        found = Guarded(kafka, secrets)
        found.run_init(folder / f"{INIT}.log")
        yield found
    finally:
        kafka.stop()
