"""What `up --secure` adds: an account for each service on Kafka and on its database, told to it by files.

The files lie in `secrets/` of the state folder, for the owner alone. It starts nothing.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from dev.kafka import Guard
from dev.kafka.security import ADMIN
from dev.mongo import DatabaseAccount
from dev.record import Record
from dev.secrets import Secrets
from dev.services import STARTED, Kind

Account = tuple[()] | tuple[str, str, str, str]  # how Kafka is spoken to: protocol, mechanism, name, password
_OPTIONS = ("security_protocol", "sasl_mechanism", "sasl_plain_username", "sasl_plain_password")


class Security:
    """Of one run. `settings`: those of the plan, which may name other databases."""

    def __init__(self, state: Path, settings: Mapping[str, str], mongo_port: int, own_mongo: bool) -> None:
        self._secrets = Secrets(state / "secrets")
        self._settings, self._mongo_port, self._own_mongo = settings, mongo_port, own_mongo

    def guard(self) -> Guard:
        return Guard(self._secrets.file("kafka_admin"))

    def database_accounts(self) -> Sequence[DatabaseAccount]:
        return [self._database_account(kind) for kind in STARTED if kind.database_variable]

    def environment(self, kind: Kind) -> dict[str, str]:
        """What a service is told beside what all are told."""
        told = _on_kafka(kind.name, self._kafka.file(kind.name))
        if kind.database_variable and self._own_mongo:
            uri = self._database_account(kind).uri(self._mongo_port)
            told["MONGO_URI_FILE"] = str((self._secrets / "mongo_uri").write(kind.name, uri))
        return told

    def environment_of_init(self) -> dict[str, str]:
        """It is the administrator, and makes the accounts of all whose password is there."""
        for kind in STARTED:
            self._kafka.file(kind.name)
        return {
            **_on_kafka(ADMIN, self._secrets.file("kafka_admin")),
            "KAFKA_SASL_MECHANISM": "PLAIN",
            "KAFKA_INIT_ACCOUNTS": str(self._kafka.folder),
        }

    @property
    def _kafka(self) -> Secrets:
        return self._secrets / "kafka"

    def _database_account(self, kind: Kind) -> DatabaseAccount:
        database = self._settings.get(kind.database_variable) or kind.name
        return DatabaseAccount(database, (self._secrets / "mongo").password(kind.name))


def _on_kafka(account: str, password: Path) -> dict[str, str]:
    return {
        "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
        "KAFKA_SASL_USERNAME": account,
        "KAFKA_SASL_PASSWORD_FILE": str(password),
    }


def administrator(found: Record | None) -> Account:
    """That of the shop that runs; empty if its Kafka asks for none."""
    if found is None or not found.kafka_password:
        return ()
    return ("SASL_PLAINTEXT", "PLAIN", *Guard(Path(found.kafka_password)).account())


def as_service(service: str, found: Record) -> dict[str, str]:
    """What a service with a database is told, for a command of its own beside the shop that runs."""
    if not found.kafka_password:
        return {}
    secrets = Path(found.kafka_password).parent
    told = _on_kafka(service, secrets / "kafka" / service)
    uri = secrets / "mongo_uri" / service
    return told | ({"MONGO_URI_FILE": str(uri)} if uri.exists() else {})


def options(account: Account) -> dict[str, str]:
    """What the client library is constructed with, beside the servers."""
    return dict(zip(_OPTIONS, account, strict=True)) if account else {}
