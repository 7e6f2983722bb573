"""A Chromium of this machine: what the tests of the pages and the script of the screenshots look with."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from dev import environments
from dev.paths import ROOT

if TYPE_CHECKING:
    from playwright.async_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def program() -> str | None:
    """Where it is; None if there is none. Nothing is downloaded."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def ensure_driver() -> None:
    """Playwright, which is large, for those alone who have something to drive."""
    if program() is not None:
        environments.ensure(ROOT / ".venv", "browser", ["browser"], fresh=False)


@asynccontextmanager
async def started() -> "AsyncIterator[Browser]":
    """Without the sandbox, since a container often allows none: it is to see pages of ours alone."""
    from playwright.async_api import async_playwright

    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=program(), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            await browser.close()
