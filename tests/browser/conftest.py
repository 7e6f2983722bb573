"""`visit()` opens the live page of a hub without Kafka in a Chromium of this machine, as a person would.

A Chromium takes a second to start: there is one for this folder, and so one event loop.
"""

import importlib.util
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from dev import chromium
from logs_service.pages import PAGES
from tests.browser.shop import remember_in_the_ring
from tests.logs_service.serving import Serving, a_hub

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

Visit = Callable[..., Awaitable["Page"]]

can_look = chromium.program() is not None and importlib.util.find_spec("playwright") is not None
NEEDED = pytest.param(
    None,
    id="skipped-without-chromium",
    marks=pytest.mark.skipif(not can_look, reason="there is no Chromium here, or no playwright to drive it"),
)
WIDE = {"width": 1200, "height": 700}


@pytest_asyncio.fixture(scope="package", loop_scope="package", params=[NEEDED])
async def browser() -> "AsyncIterator[Browser]":
    async with chromium.started() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="package")
async def hub() -> AsyncIterator[Serving]:
    async with a_hub(pages=PAGES, ring_bytes=64 * 1024 * 1024) as serving:
        remember_in_the_ring(serving.hub)
        yield serving


@pytest_asyncio.fixture(loop_scope="package")
async def visit(browser: "Browser", hub: Serving) -> AsyncIterator[Visit]:
    """`visit("#level=error", live=False, **context)`. Nothing may go wrong in the page unseen."""
    broken: list[str] = []
    visitors = []

    async def open_page(fragment: str = "", live: bool = True, **context: Any) -> "Page":
        visitor = await browser.new_context(**{"viewport": WIDE, "timezone_id": "Europe/Paris", **context})
        visitors.append(visitor)
        visitor.set_default_timeout(8000)
        page = await visitor.new_page()
        page.on("pageerror", lambda error: broken.append(str(error)))
        await page.goto(f"http://127.0.0.1:{hub.port}/{fragment}")
        if live:
            await page.wait_for_selector("#state[data-state=live]")
        return page

    yield open_page
    for visitor in visitors:
        await visitor.close()
    assert broken == []
