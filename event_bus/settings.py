"""Where the broker is, who we are to it, and what goes before every name on it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from event_bus.repository import checked_uri, exposed
from event_bus.security import ANYBODY, Access, Mechanism, Protocol, is_loopback, is_sample, read, readable

_SERVER = r"(\[[0-9A-Fa-f:.]+\]|[^\s,:\[\]]+):[0-9]{1,5}"

ReadableFile = Annotated[str, AfterValidator(readable)]


def _file_of_uri(path: str) -> str:
    if path:
        checked_uri(read(path))
    return path


@dataclass(frozen=True, slots=True)
class Broker:
    """A Kafka cluster, and a prefix for topics, groups and transactional ids, so that many can share it."""

    bootstrap_servers: str
    prefix: str = ""
    access: Access = ANYBODY

    def named(self, name: str) -> str:
        """The full name of a topic, a group or a transactional id."""
        return self.prefix + name


class BusSettings(BaseSettings):
    """Settings of whoever talks to Kafka: of everything that runs."""

    model_config = SettingsConfigDict(populate_by_name=True, extra="ignore")

    profile: Literal["development", "production"] = Field(
        "development",
        validation_alias="SHOP_PROFILE",
        description="production refuses to start with what is only fit for a machine of one's own",
    )
    kafka_bootstrap_servers: str = Field(
        "127.0.0.1:9092",
        validation_alias="KAFKA_BOOTSTRAP_SERVERS",
        pattern=rf"^{_SERVER}(,{_SERVER})*$",
        description="Kafka, as HOST:PORT,…",
    )
    kafka_security_protocol: Protocol = Field(
        "PLAINTEXT",
        validation_alias="KAFKA_SECURITY_PROTOCOL",
        description="how Kafka is spoken to: PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL",
    )
    kafka_sasl_mechanism: Mechanism = Field(
        "SCRAM-SHA-512",
        validation_alias="KAFKA_SASL_MECHANISM",
        description="how the account is shown: SCRAM-SHA-512, SCRAM-SHA-256, PLAIN",
    )
    kafka_sasl_username: str = Field(
        "", validation_alias="KAFKA_SASL_USERNAME", description="its own account on Kafka"
    )
    kafka_sasl_password_file: ReadableFile = Field(
        "",
        validation_alias="KAFKA_SASL_PASSWORD_FILE",
        description="the file with the password of the account",
    )
    kafka_ssl_ca_file: ReadableFile = Field(
        "",
        validation_alias="KAFKA_SSL_CA_FILE",
        description="who signed Kafka's certificate, as PEM; empty: whom this machine trusts",
    )
    topic_prefix: str = Field(
        "",
        validation_alias="TOPIC_PREFIX",
        pattern=r"^[A-Za-z0-9._-]{0,64}$",
        description="goes before every topic, consumer group and transactional id",
    )

    @model_validator(mode="after")
    def _has_an_account(self) -> Self:
        sasl = self.kafka_security_protocol.startswith("SASL")
        if sasl and not (self.kafka_sasl_username and self.kafka_sasl_password_file):
            raise ValueError(
                f"KAFKA_SECURITY_PROTOCOL={self.kafka_security_protocol} needs an account: set "
                "KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD_FILE"
            )
        return self

    @property
    def broker(self) -> Broker:
        return Broker(self.kafka_bootstrap_servers, self.topic_prefix, self._access())

    def _access(self) -> Access:
        return Access(
            self.kafka_security_protocol,
            self.kafka_sasl_mechanism,
            self.kafka_sasl_username,
            read(self.kafka_sasl_password_file) if self.kafka_sasl_password_file else "",
            self.kafka_ssl_ca_file,
        )

    def unfit_for_production(self) -> Iterator[str]:
        hosts = [server.rpartition(":")[0] for server in self.kafka_bootstrap_servers.split(",")]
        far = [host for host in hosts if not is_loopback(host)]
        if far and not self.kafka_security_protocol.endswith("SSL"):
            yield (
                f"KAFKA_SECURITY_PROTOCOL: Kafka at {', '.join(far)} would be spoken to in plain text: set SASL_SSL"
            )
        if self.kafka_sasl_password_file and is_sample(read(self.kafka_sasl_password_file)):
            yield "KAFKA_SASL_PASSWORD_FILE: the password is a sample, or can be guessed: take a random one"


class ConsumerSettings(BusSettings):
    """Settings of whoever consumes as a group."""

    replicas: int = Field(
        1, ge=1, description="how many run: one alone takes all partitions, several share them as a group"
    )

    @property
    def alone(self) -> bool:
        return self.replicas == 1


class OutboxSettings(BaseSettings):
    """Settings of whoever keeps documents with an outbox."""

    model_config = SettingsConfigDict(populate_by_name=True, extra="ignore")

    mongo_uri: Annotated[str, AfterValidator(checked_uri)] = Field(
        "mongodb://127.0.0.1:27017/?directConnection=true",
        validation_alias="MONGO_URI",
        repr=False,
        description="the MongoDB server; each service has its own database on it",
    )
    mongo_uri_file: Annotated[str, AfterValidator(_file_of_uri)] = Field(
        "",
        validation_alias="MONGO_URI_FILE",
        description="a file with that URI, which goes before it: for one that holds a password",
    )
    outbox_max_pending: int = Field(
        20_000, ge=1, description="documents that may wait for Kafka before requests get a 503"
    )

    @property
    def database_uri(self) -> str:
        """It may hold a password."""
        return read(self.mongo_uri_file) if self.mongo_uri_file else self.mongo_uri

    def unfit_for_production(self) -> Iterator[str]:
        variable = "MONGO_URI_FILE" if self.mongo_uri_file else "MONGO_URI"
        yield from (f"{variable}: {reason}" for reason in exposed(self.database_uri))
