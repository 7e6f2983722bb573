"""A visitor without a terminal registers, logs in and pays, and is told what the service said."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from logs_service.settings import Settings
from tests.browser.conftest import Visit
from tests.browser.shop import happens
from tests.browser.stub import services
from tests.logs_service.serving import Serving
from tests.logs_service.test_access_token import Keys, signed

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest_asyncio.fixture(loop_scope="package")
async def shop(hub: Serving) -> AsyncIterator[str]:
    async with services(f"http://127.0.0.1:{hub.port}") as url:
        hub.app.state.settings = Settings(port=0, users_url=url, payments_url=url)
        yield url


@pytest.fixture(autouse=True)
def _served(shop: str) -> None:
    """Before anybody visits."""


async def test_register_log_in_and_pay(visit: Visit) -> None:
    page = await visit()
    await page.get_by_role("button", name="Try the shop").click()
    await page.get_by_role("button", name="Pay").click()
    await page.get_by_text("A guest paid 25.00 EUR (guest).").wait_for()
    await page.get_by_label("Name").fill("carol")
    await page.get_by_label("Password").fill("secret")
    await page.get_by_role("button", name="Register").click()
    await page.get_by_text("User carol registered successfully").wait_for()
    await page.get_by_role("button", name="Log in").click()
    await page.get_by_text("carol is logged in, and pays from now on.").wait_for()
    await page.get_by_label("Amount").fill("3.50")
    await page.get_by_role("button", name="Pay").click()
    await page.get_by_text("carol paid 3.50 EUR.").wait_for()


async def test_what_is_wrong_is_said(visit: Visit) -> None:
    page = await visit()
    await page.get_by_role("button", name="Try the shop").click()
    await page.get_by_label("Name").fill("taken")
    await page.get_by_role("button", name="Register").click()
    await page.get_by_text("This name is already registered: log in.").wait_for()
    await page.get_by_label("Password").fill("wrong")
    await page.get_by_role("button", name="Log in").click()
    await page.get_by_text("User name or password is wrong.").wait_for()
    await page.get_by_label("Amount").fill("0")
    await page.get_by_role("button", name="Pay").click()
    await page.get_by_text("Some fields are not as they must be. amount: must be more than 0").wait_for()


async def test_a_service_that_is_away_is_said(visit: Visit, hub: Serving) -> None:
    hub.app.state.settings = Settings(port=0, payments_url="http://127.0.0.1:9")
    page = await visit()
    await page.get_by_role("button", name="Try the shop").click()
    await page.get_by_role("button", name="Pay").click()
    await page.get_by_text("http://127.0.0.1:9/pay can't be reached from this page.").wait_for()


async def test_what_was_caused_can_be_seen_as_a_story(visit: Visit, hub: Serving) -> None:
    page = await visit()
    await page.get_by_role("button", name="Try the shop").click()
    await page.get_by_role("button", name="Register").click()
    await page.get_by_role("button", name="Its story").click()
    happens(hub, "User alice registered successfully", correlation_id="the-request")
    await page.locator("#story li", has_text="User alice registered successfully").wait_for()


async def test_who_must_log_in_to_see_lines_can_do_it_here(visit: Visit, hub: Serving) -> None:
    hub.server.lifespan.state["admission"] = Keys().admission()
    async with services(f"http://127.0.0.1:{hub.port}", token=signed()) as url:
        hub.app.state.settings = Settings(port=0, users_url=url, require_token=True)
        page = await visit(live=False)
        await page.locator("#state", has_text="not connected").wait_for()
        happens(hub, "for members")
        await page.get_by_role("button", name="Try the shop").click()
        await page.get_by_label("Password").fill("secret")
        await page.get_by_role("button", name="Log in").click()
        await page.locator(".row", has_text="for members").wait_for()
        href = await page.get_by_role("link", name="Download").get_attribute("href")
        answer = await page.request.get(f"http://127.0.0.1:{hub.port}{href}")
        assert "for members" in await answer.text()
