"""Where the broker is and what goes before every name on it."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from event_bus.repository import checked_uri

_SERVER = r"(\[[0-9A-Fa-f:.]+\]|[^\s,:\[\]]+):[0-9]{1,5}"


@dataclass(frozen=True, slots=True)
class Broker:
    """A Kafka cluster, and a prefix for topics, groups and transactional ids, so that many can share it."""

    bootstrap_servers: str
    prefix: str = ""

    def named(self, name: str) -> str:
        """The full name of a topic, a group or a transactional id."""
        return self.prefix + name


class BusSettings(BaseSettings):
    """Settings of whoever talks to Kafka."""

    model_config = SettingsConfigDict(populate_by_name=True, extra="ignore")

    kafka_bootstrap_servers: str = Field(
        "127.0.0.1:9092",
        validation_alias="KAFKA_BOOTSTRAP_SERVERS",
        pattern=rf"^{_SERVER}(,{_SERVER})*$",
        description="Kafka, as HOST:PORT,…",
    )
    topic_prefix: str = Field(
        "",
        validation_alias="TOPIC_PREFIX",
        pattern=r"^[A-Za-z0-9._-]{0,64}$",
        description="goes before every topic, consumer group and transactional id",
    )

    @property
    def broker(self) -> Broker:
        return Broker(self.kafka_bootstrap_servers, self.topic_prefix)


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
    outbox_max_pending: int = Field(
        20_000, ge=1, description="documents that may wait for Kafka before requests get a 503"
    )
