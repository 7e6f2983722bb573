"""The pictures of the README: a shop of the moment, somebody who uses it by its page, and a Chromium that looks.

scripts/screenshots [FOLDER]
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Page

from dev import chromium, launcher, plan
from dev.errors import ShopError
from dev.paths import ROOT

PICTURES = ROOT / "ressources"
WITHIN = 15_000  # milliseconds, for anything to appear


def main(folder: Path) -> None:
    if chromium.program() is None:
        raise ShopError("no Chromium is here: its package is called chromium")
    folder.mkdir(exist_ok=True)
    with launcher.ephemeral() as state:
        shop = plan.on_free_ports(state)
        with launcher.running(shop, print):
            asyncio.run(_take(folder, shop.ports))


async def _take(folder: Path, ports: Mapping[str, int]) -> None:
    async with _a_page() as page:
        await page.goto(f"http://localhost:{ports['logs_service']}/")
        await _use_the_shop(page)
        await page.screenshot(path=folder / "live_page_stream.png")
        await page.get_by_role("button", name="Its story").click()
        await page.get_by_role("tabpanel", name="Story").get_by_text("out of stock").nth(1).wait_for()
        await page.screenshot(path=folder / "live_page_story.png")
        await _look_at_the_system(page)
        await page.screenshot(path=folder / "live_page_system.png")
        await page.goto(f"http://localhost:{ports['kafka_browser']}/#/topics/notifications")
        await page.locator("li summary").first.click()
        await page.screenshot(path=folder / "kafka_browser.png")


async def _use_the_shop(page: Page) -> None:
    """What the first minute of the README does with curl, and a payment that is taken back."""
    await page.get_by_role("button", name="Try the shop").click()
    await page.get_by_label("Password").fill("secret")
    for name, told in (("Register", "registered"), ("Log in", "logged in"), ("Pay", "paid")):
        await page.get_by_role("button", name=name, exact=True).click()
        await page.get_by_role("option").filter(has_text=told).first.wait_for()
    await page.get_by_label("Product").fill("poster")
    await page.get_by_role("button", name="Pay", exact=True).click()
    await page.get_by_role("option").filter(has_text="out of stock").wait_for()


async def _look_at_the_system(page: Page) -> None:
    """While payments pass."""
    await page.get_by_role("tab", name="System").click()
    await page.get_by_role("button", name="Try the shop").click()  # away: the picture needs the room
    await page.get_by_text("All 5 services are ready.").wait_for()
    for call in ("login", "pay", "pay", "pay"):
        await page.evaluate(f"document.querySelector('[data-call={call}]').click()")
        await page.wait_for_timeout(300)
    await (
        page.locator(".arrow.lit").nth(11).wait_for(state="attached")
    )  # all but what tells of goods that run low


@asynccontextmanager
async def _a_page() -> AsyncIterator[Page]:
    async with chromium.started() as browser:
        page = await browser.new_page(viewport={"width": 1200, "height": 700}, color_scheme="light")
        page.set_default_timeout(WITHIN)
        yield page


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES)
    except ShopError as error:
        sys.exit(f"screenshots: {error}")
