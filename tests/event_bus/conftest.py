"""A broker and a database of the test's own names, on the servers of the run."""

from collections.abc import AsyncIterator

import pytest

from dev.kafka import Kafka
from dev.mongo import Mongo
from event_bus import Broker, Database
from tests.event_bus.cluster import Cluster


@pytest.fixture
def broker(kafka: Kafka, prefix: str) -> Broker:
    return Broker(kafka.bootstrap_servers, prefix)


@pytest.fixture
def cluster(broker: Broker) -> Cluster:
    return Cluster(broker)


@pytest.fixture
async def database(mongo: Mongo, prefix: str) -> AsyncIterator[Database]:
    async with Database(mongo.uri, f"{prefix}documents") as database:
        yield database
