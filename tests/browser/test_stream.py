"""The list of lines: what comes is seen, and a reader can stop it, filter it, search it and pass it on."""

import json
import time
from typing import TYPE_CHECKING

import pytest

from logs_service.lines import Line
from tests.browser.conftest import Visit
from tests.browser.shop import happens
from tests.logs_service.serving import Serving

pytestmark = pytest.mark.asyncio(loop_scope="package")
if TYPE_CHECKING:
    from playwright.async_api import Page


async def messages(page: "Page") -> list[str]:
    """Those that can be seen, from top to bottom."""
    texts: list[str] = await page.evaluate(
        """() => [...document.querySelectorAll(".row:not([hidden])")]
            .sort((one, other) => Number(one.id.slice(4)) - Number(other.id.slice(4)))
            .map((row) => row.querySelector(".message").textContent)"""
    )
    return texts


async def shows(page: "Page", text: str) -> None:
    await page.locator(".row .message", has_text=text).first.wait_for()


async def test_lines_appear_as_they_come(visit: Visit, hub: Serving) -> None:
    happens(hub, "before")
    page = await visit()
    await shows(page, "before")
    happens(hub, "after", "at last")
    await shows(page, "at last")
    assert await messages(page) == ["before", "after", "at last"]
    assert await page.inner_text("#state") == "live"
    assert await page.inner_text("#count") == "3 lines here"


async def test_pause_keeps_what_is_shown_and_counts_what_is_new(visit: Visit, hub: Serving) -> None:
    page = await visit()
    happens(hub, "seen")
    await shows(page, "seen")
    await page.get_by_role("button", name="Pause").click()
    happens(hub, "one", "two", "three")
    await page.get_by_role("button", name="3 new").wait_for()
    assert await messages(page) == ["seen"]
    assert await page.inner_text("#state") == "paused"
    await page.get_by_role("button", name="3 new").click()
    await shows(page, "three")
    assert await messages(page) == ["seen", "one", "two", "three"]
    assert await page.inner_text("#state") == "live"


async def test_who_scrolls_up_can_read_in_peace(visit: Visit, hub: Serving) -> None:
    page = await visit()
    happens(hub, *(f"line {number}" for number in range(500)))
    await shows(page, "line 499")
    await page.locator("#rows").hover()
    await page.mouse.wheel(0, -3000)
    await page.locator(".row .message", has_text="line 499").wait_for(state="hidden")
    reading = await messages(page)
    happens(hub, "new")
    await page.get_by_role("button", name="1 new").wait_for()
    assert set(reading) <= {*await messages(page), *reading[:8], *reading[-8:]}
    assert "new" not in await messages(page)
    await page.get_by_role("button", name="1 new").click()
    await shows(page, "new")
    happens(hub, "and on it goes")
    await shows(page, "and on it goes")


async def test_a_filter_shows_what_it_says_until_it_is_removed(visit: Visit, hub: Serving) -> None:
    page = await visit()
    happens(hub, "logged in")
    happens(hub, "paid", service="payments_service")
    await shows(page, "paid")
    await page.get_by_label("Value of the filter").fill("payments_service")
    await page.get_by_role("button", name="Add").click()
    await page.locator(".row .message", has_text="logged in").wait_for(state="hidden")
    await shows(page, "paid")
    happens(hub, "logged in again")
    happens(hub, "paid again", service="payments_service")
    await shows(page, "paid again")
    assert await messages(page) == ["paid", "paid again"]
    await page.get_by_role("button", name="Remove the filter service: payments_service").click()
    await shows(page, "logged in again")
    assert len(await messages(page)) == 4


async def test_a_level_means_it_and_what_is_graver(visit: Visit, hub: Serving) -> None:
    for level in ("INFO", "WARNING", "ERROR"):
        happens(hub, f"this is {level}", level=level)
    page = await visit()
    await page.locator("select[name=level]").select_option("warning")
    await page.locator(".row .message", has_text="INFO").wait_for(state="hidden")
    await shows(page, "ERROR")
    assert await messages(page) == ["this is WARNING", "this is ERROR"]


async def test_a_value_of_a_line_becomes_a_filter(visit: Visit, hub: Serving) -> None:
    page = await visit()
    happens(hub, "alice is here", user="alice")
    happens(hub, "bob is here", user="bob")
    await page.locator(".row", has_text="bob is here").click()
    await page.locator("#detail").get_by_role("button", name="bob", exact=True).click()
    await page.locator(".row .message", has_text="alice is here").wait_for(state="hidden")
    await shows(page, "bob is here")
    assert await page.locator("#chips").inner_text() == "user: bob \N{MULTIPLICATION SIGN}"


async def test_a_line_tells_all_about_itself(visit: Visit, hub: Serving) -> None:
    page = await visit()
    happens(hub, "paid", price={"amount": "25.00"}, quantity=2)
    await page.locator(".row", has_text="paid").click()
    detail = page.locator("#detail")
    assert "quantity\n2" in await detail.inner_text()
    assert "offset\n0" in await detail.inner_text()
    await detail.locator("summary", has_text="price").click()
    await detail.get_by_text("25.00", exact=True).wait_for()


async def test_a_search_marks_and_counts_and_hides_nothing(visit: Visit, hub: Serving) -> None:
    page = await visit()
    happens(
        hub, "a Needle here", *(f"hay {number}" for number in range(300)), "needle (last)", 'a "quoted" one'
    )
    await shows(page, "quoted")
    search = page.get_by_role("searchbox", name="Search")
    await search.fill("needle")
    await page.get_by_text("2 lines", exact=True).wait_for()
    assert await page.locator("mark").all_inner_texts() == ["needle"]
    assert "hay 299" in await messages(page)
    await search.press("Enter")
    await search.press("Enter")
    await shows(page, "a Needle here")
    happens(hub, "one needle more")
    await page.get_by_text("3 lines", exact=True).wait_for()
    for wanted in ("needle (", '"quoted"'):
        await search.fill(wanted)
        await page.get_by_text("1 line", exact=True).wait_for()


async def test_a_link_shows_the_same_to_somebody_else(visit: Visit, hub: Serving) -> None:
    happens(hub, "no harm")
    happens(hub, "broken", level="ERROR", service="payments_service")
    page = await visit("#level=error", permissions=["clipboard-read", "clipboard-write"])
    await page.get_by_role("button", name="Copy link").click()
    await page.get_by_role("button", name="Copied").wait_for()
    link = await page.evaluate("navigator.clipboard.readText()")
    other = await visit(link[link.index("#") :])
    await shows(other, "broken")
    assert await messages(other) == ["broken"]
    href = await other.get_by_role("link", name="Download").get_attribute("href")
    assert href == "/download?level=error"
    answer = await other.request.get(f"http://127.0.0.1:{hub.port}{href}")
    assert [json.loads(row)["message"] for row in (await answer.text()).splitlines()] == ["broken"]


async def test_times_are_those_of_the_reader_or_of_utc(visit: Visit, hub: Serving) -> None:
    happens(hub, "now", time="2026-11-21T03:11:04.123Z")
    page = await visit()
    await page.get_by_text("04:11:04.123").wait_for()
    await page.get_by_role("button", name="UTC").click()
    await page.get_by_text("03:11:04.123").wait_for()


async def test_the_pace_is_told_in_words_too(visit: Visit, hub: Serving) -> None:
    page = await visit()
    now = int(time.time() * 1000)
    hub.hub.publish([Line(0, offset, now, b"{}") for offset in range(40)])
    await page.locator("#rate", has_text="40 lines/s").wait_for()
    assert await page.locator("#rate svg").get_attribute("aria-hidden") == "true"
