"""One shop for all tests of this folder that do not disturb each other."""

import uuid
from collections.abc import AsyncIterator, Iterator

import httpx2 as httpx
import pytest

from dev.kafka import Kafka
from dev.mongo import Mongo
from tests.flows.shops import OpenShop, open_shop


@pytest.fixture(scope="package")
def shared(tmp_path_factory: pytest.TempPathFactory, kafka: Kafka, mongo: Mongo) -> Iterator[OpenShop]:
    with open_shop(
        tmp_path_factory.mktemp("shop"), kafka, mongo, "users_service", "payments_service"
    ) as shop:
        yield shop


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=20) as client:
        yield client


@pytest.fixture
async def bearer(shared: OpenShop, http: httpx.AsyncClient) -> str:
    """The Authorization header of a user who has just registered."""
    user = {"username": f"u-{uuid.uuid4().hex[:12]}", "password": "secret"}
    await http.post(f"{shared.users}/register", data=user)
    token = (await http.post(f"{shared.users}/login", data=user)).json()["access_token"]
    return f"Bearer {token}"
