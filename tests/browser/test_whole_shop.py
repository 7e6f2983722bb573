"""The page before real services on a real Kafka: it shows how they are, and outlives the hub that it came from."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TYPE_CHECKING

import httpx2 as httpx
import pytest
import pytest_asyncio

from dev.kafka import Kafka
from dev.mongo import Mongo
from event_bus import Broker
from tests.browser.conftest import WIDE
from tests.browser.shop import line
from tests.browser.test_stream import messages, shows
from tests.browser.test_system import WAY_OF_A_PAYMENT, banner, lit
from tests.event_bus.cluster import Cluster
from tests.flows.shops import ALL, OpenShop, open_shop

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

pytestmark = pytest.mark.asyncio(loop_scope="package")
Look = Callable[..., Awaitable["Page"]]
STOPPED_IS_SAID_WITHIN = 15.0  # seconds: three intervals of reports
# The markers of transactions are among the offsets.
FIVE_OR_MORE = re.compile(r"^inventories ([5-9]|1[0-9])$")
TALL = {"width": 1200, "height": 2600}  # a hundred lines


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, kafka: Kafka, mongo: Mongo) -> Iterator[OpenShop]:
    with open_shop(tmp_path_factory.mktemp("shop"), kafka, mongo, *ALL) as shop:
        yield shop


@pytest_asyncio.fixture(loop_scope="package")
async def look(browser: "Browser", shop: OpenShop) -> AsyncIterator[Look]:
    broken: list[str] = []
    visitor = await browser.new_context(viewport=WIDE)
    visitor.set_default_timeout(20_000)

    async def look(fragment: str = "") -> "Page":
        page = await visitor.new_page()
        page.on("pageerror", lambda error: broken.append(str(error)))
        await page.goto(f"{shop.url('logs_service')}/{fragment}")
        await page.wait_for_selector("#state[data-state=live]")
        return page

    yield look
    await visitor.close()
    assert broken == []


async def pays(shop: OpenShop, times: int = 1) -> None:
    async with httpx.AsyncClient(base_url=shop.payments) as client:
        for _ in range(times):
            assert (await client.post("/pay")).status_code == 201


async def test_a_payment_is_seen_on_its_way_and_a_service_that_stops_is_named(
    look: Look, shop: OpenShop
) -> None:
    page = await look("#view=system")
    await banner(page, "All 5 services are ready.").wait_for()
    await pays(shop)
    stock = {"payments_service>inventories", "inventories>inventories_service", "stock>payments_service"}
    seen: set[str] = set()
    async with asyncio.timeout(10):
        while not seen >= WAY_OF_A_PAYMENT | stock:
            seen |= await lit(page)
            await asyncio.sleep(0.02)
    await page.locator(".rate", has_text="0.2/s").first.wait_for()
    users = shop.services["users_service"]
    await asyncio.to_thread(users.kill)
    killed = time.monotonic()
    await banner(page, "users_service is silent: its last report is of ").wait_for()
    assert time.monotonic() - killed < STOPPED_IS_SAID_WITHIN + 1  # and the time in which it is drawn
    await asyncio.to_thread(users.start)
    await banner(page, "All 5 services are ready.").wait_for()
    await asyncio.to_thread(users.stop)
    await banner(page, "users_service is not ready").filter(has_text="process (it is stopping)").wait_for()
    await asyncio.to_thread(users.start)


async def test_a_consumer_whose_database_hangs_falls_behind_and_says_so(
    look: Look, shop: OpenShop, own_mongo: Callable[[], Mongo]
) -> None:
    """Payments are taken all the while."""
    mongo = await asyncio.to_thread(own_mongo)
    inventories = shop.services["inventories_service"]
    inventories.environment = {**inventories.environment, "MONGO_URI": mongo.uri}
    await asyncio.to_thread(inventories.restart)
    page = await look("#view=system")
    row = page.get_by_role("row", name="inventories_service")
    await row.get_by_text("inventories 0").wait_for()
    mongo.freeze()
    await pays(shop, 5)
    await row.get_by_text(FIVE_OR_MORE).wait_for()
    mongo.thaw()
    await row.get_by_text("inventories 0").wait_for()


async def test_the_page_outlives_a_hub_that_is_killed_and_started_again(look: Look, shop: OpenShop) -> None:
    """The process itself, with lines before, meanwhile and after: none is missing, and none is there twice."""
    cluster, hub = Cluster(Broker(shop.kafka.bootstrap_servers, shop.prefix)), shop.services["logs_service"]
    page = await look("#service=the_test")
    await page.set_viewport_size(TALL)
    written: list[str] = []

    async def write(count: int) -> str:
        fresh = [f"line {number}" for number in range(len(written), len(written) + count)]
        lines = [line(message, service="the_test").encode() for message in fresh]
        await cluster.write("logs", [(b"key", text, []) for text in lines])
        written.extend(fresh)
        return fresh[-1]

    for _ in range(3):
        await shows(page, await write(10))
        await write(5)  # which it may or may not have when the hub dies
        await asyncio.to_thread(hub.kill)
        await write(10)
        await page.locator("#state[data-state=away]").wait_for()
        await asyncio.to_thread(hub.start)
        await shows(page, await write(3))
    assert await messages(page) == written
    assert await page.locator(".gap:not([hidden])").count() == 0
