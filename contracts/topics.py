"""Every topic of the shop: who writes it, what its key is, how many partitions it has."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Topic(BaseModel):
    """A Kafka topic as `kafka_init` creates it. Order holds per key, within a partition."""

    model_config = ConfigDict(frozen=True)

    name: str
    key: str  # what the record key is, in words
    partitions: int = 1
    cleanup: Literal["by size", "compact", "after an hour"] = "by size"
    holds_inputs: bool = False  # dead letters: a record here may be as large as an input and its headers


NOTIFICATIONS = Topic(name="notifications", key="id of what it is about", partitions=6)
INVENTORIES = Topic(name="inventories", key="payment id", partitions=6)
STOCK = Topic(name="stock", key="product", partitions=6)
LOGS = Topic(name="logs", key="the key of its cause")
IDENTITY_KEYS = Topic(name="identity_keys", key="key id", cleanup="compact")
IDENTITIES = Topic(name="identities", key="user name", cleanup="compact")
METRICS = Topic(name="metrics", key="service and instance", cleanup="after an hour")  # nobody needs the past


def dead_letters_of(service: str) -> Topic:
    """Where a service puts the records that it can't handle, as they were, with the reason in the headers.

    Beside them `./shop dlq` writes what became of each: one header, `dlq_resolution`, and no value.
    """
    return Topic(name=f"{service}.dlq", key="as the record", holds_inputs=True)


CONSUMERS = (  # who may meet a dead letter
    "notifications_service",
    "inventories_service",
    "payments_service",
)
ALL = (
    NOTIFICATIONS,
    INVENTORIES,
    STOCK,
    LOGS,
    IDENTITY_KEYS,
    IDENTITIES,
    METRICS,
    *map(dead_letters_of, CONSUMERS),
)
