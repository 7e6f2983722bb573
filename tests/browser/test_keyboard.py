"""Everything without a mouse, in both colour schemes, and on a phone."""

import importlib.util
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Visit
from tests.browser.shop import happens
from tests.logs_service.serving import Serving

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = pytest.mark.asyncio(loop_scope="package")
PHONE = {"viewport": {"width": 360, "height": 640}, "is_mobile": True, "has_touch": True}
needs_axe = pytest.mark.skipif(
    importlib.util.find_spec("axe_playwright_python") is None, reason="axe_playwright_python is not here"
)
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}


async def focused(page: "Page") -> str:
    return str(await page.evaluate("document.activeElement.id || document.activeElement.textContent"))


async def reach(page: "Page", wanted: str) -> None:
    for _ in range(30):
        await page.keyboard.press("Tab")
        if await focused(page) == wanted:
            return
    raise AssertionError(f"Tab does not lead to {wanted}")


async def test_a_line_is_chosen_opened_and_closed(visit: Visit, hub: Serving) -> None:
    happens(hub, "one", "two", "three")
    page = await visit()
    await page.locator(".row", has_text="three").wait_for()
    await reach(page, "rows")
    for key in ("End", "ArrowUp", "Enter"):
        await page.keyboard.press(key)
    await page.locator("#detail").get_by_text("two", exact=True).wait_for()
    assert await focused(page) == "detail"
    await page.keyboard.press("Escape")
    assert await focused(page) == "rows"
    active = await page.get_attribute("#rows", "aria-activedescendant")
    assert "two" in await page.inner_text(f"#{active}")
    assert await page.get_attribute(f"#{active}", "aria-selected") == "true"


async def test_arrows_lead_from_view_to_view(visit: Visit, hub: Serving) -> None:
    page = await visit()
    await reach(page, "tab-stream")
    await page.keyboard.press("ArrowRight")
    assert await focused(page) == "tab-story"
    assert await page.locator("#story").is_visible()
    await page.keyboard.press("Home")
    assert await page.locator("#rows").is_visible()


async def test_a_filter_is_set_and_taken_away(visit: Visit, hub: Serving) -> None:
    happens(hub, "alice", user="alice")
    happens(hub, "bob", user="bob")
    page = await visit()
    await reach(page, "Add")
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("u")
    await page.keyboard.press("Tab")
    await page.keyboard.type("bob")
    await page.keyboard.press("Enter")
    await page.locator(".row", has_text="alice").wait_for(state="hidden")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.locator(".row", has_text="alice").wait_for()


async def test_the_panel_of_the_shop_is_opened_and_closed(visit: Visit, hub: Serving) -> None:
    page = await visit()
    await reach(page, "open-shop")
    await page.keyboard.press("Enter")
    assert await page.get_by_label("Name").evaluate("field => field === document.activeElement")
    await page.keyboard.press("Escape")
    assert await focused(page) == "open-shop"


async def test_a_phone_has_room_for_all(visit: Visit, hub: Serving) -> None:
    happens(hub, "a message that is longer than the phone is wide " * 3, correlation_id="c")
    page = await visit(**PHONE)
    for name in ("Pause", "Copy link", "Try the shop", "UTC"):
        box = await page.get_by_role("button", name=name).bounding_box()
        assert box is not None
        assert 0 <= box["x"] <= box["x"] + box["width"] <= 360
    await page.locator(".row").first.tap()
    await page.locator("#detail").get_by_role("button", name="Close").tap()
    await page.locator(".row .story").first.tap()
    await page.locator("#story li").wait_for()
    assert await page.evaluate("document.documentElement.scrollWidth") == 360


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_to_complain_of(visit: Visit, hub: Serving, scheme: str) -> None:
    from axe_playwright_python.async_playwright import Axe

    levels = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
    for level in levels:
        happens(hub, f"this is {level}", level=level, user="alice", service=f"{level.lower()}_service")
    page = await visit("#user=alice", color_scheme=scheme, bypass_csp=True)
    await page.locator(".row", has_text="CRITICAL").wait_for()
    await page.get_by_role("button", name="Try the shop").click()
    await page.locator("#search").fill("this")
    await page.locator("mark").first.wait_for()
    await page.locator(".row").first.click()
    found = await Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()
    await page.locator("#detail").get_by_role("button", name="Close").click()
    await page.locator(".row .story").first.click()
    await page.locator("#story li").wait_for()
    found = await Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()
