"""Topics of the test's own, with room for letters."""

import pytest

from contracts import dead_letters_of
from contracts.topics import CONSUMERS
from dev.kafka import Kafka
from event_bus import Broker
from tests.event_bus.cluster import Cluster


@pytest.fixture
def broker(kafka: Kafka, prefix: str) -> Broker:
    return Broker(kafka.bootstrap_servers, prefix)


@pytest.fixture
async def cluster(broker: Broker) -> Cluster:
    """`notifications`, and the dead-letter topic of every service."""
    cluster = Cluster(broker)
    for topic in ("notifications", *(dead_letters_of(service).name for service in CONSUMERS)):
        await cluster.create(topic)
    return cluster
