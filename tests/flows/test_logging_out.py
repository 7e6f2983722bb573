"""A user who logs out is logged out everywhere: who checks tokens hears of it by an event, and keeps it."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterator

import httpx2 as httpx
import pytest

from dev.kafka import Kafka
from dev.mongo import Mongo
from tests.flows.answers import until_served
from tests.flows.shops import OpenShop, open_shop

SERVICES = ("users_service", "payments_service", "notifications_service", "logs_service")
NOWHERE = "127.0.0.1:1"  # a port on which nobody listens
Call = Callable[[], Awaitable[httpx.Response]]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, kafka: Kafka, mongo: Mongo) -> Iterator[OpenShop]:
    folder = tmp_path_factory.mktemp("shop")
    with open_shop(folder, kafka, mongo, *SERVICES, LOGS_REQUIRE_TOKEN="true") as shop:
        yield shop


class User:
    def __init__(self, shop: OpenShop, http: httpx.AsyncClient) -> None:
        self.shop, self.http, self.name = shop, http, f"u-{uuid.uuid4().hex[:8]}"

    async def log_in(self) -> "Session":
        form = {"username": self.name, "password": "secret"}
        await self.http.post(f"{self.shop.users}/register", data=form)
        answer = await self.http.post(f"{self.shop.users}/login", data=form)
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        return Session(self.shop, self.http, headers)


class Session:
    def __init__(self, shop: OpenShop, http: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self.shop, self.http, self.headers = shop, http, headers

    async def log_out(self) -> None:
        answer = await self.http.post(f"{self.shop.users}/logout", headers=self.headers)
        assert answer.status_code == 204

    async def pay(self, service: str = "payments_service") -> httpx.Response:
        return await self.http.post(f"{self.shop.url(service)}/pay", headers=self.headers)

    async def watch(self, service: str = "logs_service") -> httpx.Response:
        return await self.http.get(f"{self.shop.url(service)}/topics", headers=self.headers)


@pytest.fixture
def user(shop: OpenShop, http: httpx.AsyncClient) -> User:
    return User(shop, http)


async def until_refused(call: Call, seconds: float = 15) -> None:
    """The delay of an event; what comes before it is served, and nothing else is answered."""
    async with asyncio.timeout(seconds):
        while (answer := await call()).status_code != 401:
            assert answer.status_code in (200, 201), answer.text
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert "logged out" in answer.json()["detail"]


async def first_answer(call: Call, seconds: float = 20) -> httpx.Response:
    """Of a service that has just started: 503 as long as it knows nothing."""
    async with asyncio.timeout(seconds):
        while (answer := await call()).status_code == 503:
            await asyncio.sleep(0.05)
    return answer


async def test_whoever_checks_tokens_refuses_them_soon_and_new_ones_count_at_once(
    user: User, shop: OpenShop, http: httpx.AsyncClient
) -> None:
    first, second, other = await user.log_in(), await user.log_in(), await User(shop, http).log_in()
    assert (await second.pay()).status_code == 201
    await first.log_out()
    again = await user.log_in()
    for session in (first, second):
        await until_refused(session.pay)
        await until_refused(session.watch)
    for session in (again, other):
        assert ((await session.pay()).status_code, (await session.watch()).status_code) == (201, 200)


async def test_logging_in_and_out_again_and_again_never_refuses_a_new_token(user: User) -> None:
    sessions = []
    for _ in range(10):
        session = await user.log_in()
        assert ((await session.pay()).status_code, (await session.watch()).status_code) == (201, 200)
        await session.log_out()
        sessions.append(session)
    for session in sessions:
        await until_refused(session.pay)


async def test_a_service_that_starts_without_kafka_knows_what_it_knew(
    user: User, shop: OpenShop, http: httpx.AsyncClient
) -> None:
    gone, here = await user.log_in(), await User(shop, http).log_in()
    await gone.log_out()
    await until_refused(gone.pay)
    shop.spawn("payments_service", "payments-alone", KAFKA_BOOTSTRAP_SERVERS=NOWHERE)
    await until_served(http, shop.url("payments-alone"))
    assert (await first_answer(lambda: gone.pay("payments-alone"))).status_code == 401
    assert (await here.pay("payments-alone")).status_code == 201


async def test_a_hub_that_starts_without_kafka_refuses_nobody_and_lets_nobody_in(
    user: User, shop: OpenShop, http: httpx.AsyncClient
) -> None:
    session = await user.log_in()
    shop.spawn("logs_service", "hub-alone", KAFKA_BOOTSTRAP_SERVERS=NOWHERE)
    await until_served(http, shop.url("hub-alone"))
    answer = await session.watch("hub-alone")
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)


async def test_a_service_that_starts_later_knows_of_it_before_its_first_answer(
    user: User, shop: OpenShop, http: httpx.AsyncClient
) -> None:
    gone, here = await user.log_in(), await user.log_in()
    await here.log_out()
    here = await user.log_in()
    await until_refused(gone.watch)  # so it is on the topic
    shop.spawn("logs_service", "later hub")
    await until_served(http, shop.url("later hub"))
    assert (await first_answer(lambda: gone.watch("later hub"))).status_code == 401
    assert (await here.watch("later hub")).status_code == 200


async def test_who_follows_both_topics_says_so(shop: OpenShop, http: httpx.AsyncClient) -> None:
    shop.spawn("payments_service", "not ready", KAFKA_BOOTSTRAP_SERVERS=NOWHERE)
    await until_served(http, shop.url("not ready"))
    missing = (await http.get(f"{shop.url('not ready')}/readyz")).json()["missing"]
    assert "identity" in {one["name"] for one in missing}
    metrics = (await http.get(f"{shop.payments}/metrics")).text
    assert "identity_revocations" in metrics
