"""The page as a person uses it, in the Chromium of this machine."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2 as httpx
import pytest

from dev import chromium
from tests.event_bus.cluster import Cluster
from tests.kafka_browser.test_groups import letter
from tests.kafka_browser.test_messages import write

playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed here")
pytestmark = pytest.mark.skipif(chromium.program() is None, reason="there is no Chromium here")

SCRIPT = '<img src=x onerror="document.title=`owned`">'


@pytest.fixture
async def page(browser: httpx.AsyncClient) -> AsyncIterator[Any]:
    """Fails the test if the page reports an error or asks somebody else."""
    troubles: list[str] = []
    async with chromium.started() as program:
        page = await program.new_page(base_url=str(browser.base_url), viewport={"width": 390, "height": 800})
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
        yield page
    assert troubles == []


async def fits(page: Any) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


async def test_in_chromium_a_person_finds_a_message_and_opens_it(page: Any, cluster: Cluster) -> None:
    expect = playwright.expect
    await cluster.create("cups", 2)
    await write(cluster, 300, 2)
    value = (
        b'{"what": "a needle", "deep": {"in": [1, null, true]}, "bad": "%s"}'
        % SCRIPT.replace('"', "'").encode()
    )
    await cluster.write("cups", [(SCRIPT.encode(), value, [("ce_type", b"cups.filled.v1")])])
    await page.goto("/#/topics")
    await page.get_by_role("link", name="cups").click()
    await expect(page.get_by_role("heading", name="cups")).to_be_visible()
    await expect(page.get_by_role("status")).to_contain_text("50 messages; searched 50 of 301 offsets")
    await page.get_by_role("button", name="Go on").click()
    await expect(page.locator(".messages > li")).to_have_count(100)
    await expect(page.locator(".messages .preview").last).to_have_text("cup 201")
    await page.get_by_label("Contains").fill("needle")
    await page.get_by_label("Contains").press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("1 message; searched 301 of 301")
    await page.locator(".messages summary").first.press("Enter")
    await expect(page.locator(".tree")).to_contain_text("a needle")
    await expect(page.get_by_role("cell", name="cups.filled.v1")).to_be_visible()
    await page.get_by_role("button", name="Raw").click()
    await expect(page.get_by_label("Value", exact=True)).to_contain_text(value.decode())
    assert await fits(page)
    assert await page.locator("img").count() == 0
    address = page.url
    await page.reload()
    await expect(page.get_by_role("status")).to_contain_text("1 message;")
    assert (page.url, await page.title()) == (address, "cups - Kafka browser")


async def test_in_chromium_a_pause_keeps_what_is_shown(page: Any, cluster: Cluster) -> None:
    expect = playwright.expect
    await cluster.create("cups")
    await page.goto("/#/topics/cups?live=1")
    await expect(page.get_by_role("status")).to_contain_text("Live")
    await cluster.write("cups", [(b"k", b"first", []), (b"k", b"second", [])])
    await expect(page.locator(".messages .preview")).to_have_text(["second", "first"])
    await page.get_by_role("button", name="Pause").click()
    await cluster.write("cups", [(b"k", b"third", [])])
    await expect(page.get_by_role("status")).to_contain_text("Paused; 1 new")
    await expect(page.locator(".messages .preview")).to_have_text(["second", "first"])
    await page.get_by_role("button", name="Pause").click()
    await expect(page.locator(".messages .preview")).to_have_text(["third", "second", "first"])


async def test_in_chromium_dead_letters_have_their_reasons(page: Any, cluster: Cluster) -> None:
    await cluster.create("one.dlq")
    await cluster.write("one.dlq", [letter("it is too hot", 17)])
    await page.goto("/#/dead-letters")
    await playwright.expect(page.locator(".reason")).to_have_text("it is too hot")
    await playwright.expect(page.get_by_role("link", name="cups:2:17")).to_be_visible()
    await page.get_by_role("link", name="Groups").click()
    await playwright.expect(page.get_by_role("heading", name="Consumer groups")).to_be_visible()
    assert await fits(page)
