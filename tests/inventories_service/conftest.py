"""One shop for all tests of this folder that do not disturb each other; for those of the repository a database."""

from collections.abc import AsyncIterator, Iterator

import httpx2 as httpx
import pytest

from dev.kafka import Kafka
from dev.mongo import Mongo
from event_bus import Database
from tests.flows.shops import OpenShop, open_shop


@pytest.fixture(scope="package")
def shared(tmp_path_factory: pytest.TempPathFactory, kafka: Kafka, mongo: Mongo) -> Iterator[OpenShop]:
    folder = tmp_path_factory.mktemp("shop")
    with open_shop(folder, kafka, mongo, "inventories_service", "payments_service") as shop:
        yield shop


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=20) as client:
        yield client


@pytest.fixture
async def database(mongo: Mongo, prefix: str) -> AsyncIterator[Database]:
    async with Database(mongo.uri, f"{prefix}inventories") as database:
        yield database
