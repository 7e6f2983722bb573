"""The browser, and the broker behind its back."""

from collections.abc import AsyncIterator

import httpx2 as httpx
import pytest

from dev.kafka import Kafka
from event_bus import Broker
from tests.conftest import Environment
from tests.event_bus.cluster import Cluster
from tests.kafka_browser.serving import serving


@pytest.fixture
def environment(kafka: Kafka, prefix: str) -> Environment:
    """No database: the browser needs none."""
    return {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "TOPIC_PREFIX": prefix}


@pytest.fixture
def cluster(kafka: Kafka, prefix: str) -> Cluster:
    return Cluster(Broker(kafka.bootstrap_servers, prefix))


@pytest.fixture
async def browser(environment: Environment) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(environment) as client:
        yield client
