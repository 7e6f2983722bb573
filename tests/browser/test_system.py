"""The shop as a whole: what passes lights up, what is not ready is said in words, and tables have all of it."""

import asyncio
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.browser.conftest import Visit
from tests.browser.system import SERVICES, Topics
from tests.browser.test_keyboard import PHONE, RULES, focused, needs_axe, reach
from tests.logs_service.serving import Serving, until

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page

pytestmark = pytest.mark.asyncio(loop_scope="package")
SYSTEM = "#view=system"
HOSTILE = '<img src=x onerror="window.hacked=1">\u202eno'
PAID = {"service": "payments_service", "event": "payments.accepted"}
WAY_OF_A_PAYMENT = {
    "people>payments_service",
    "payments_service>notifications",
    "notifications>notifications_service",
    "notifications_service>logs",
    "logs>logs_service",
    "logs_service>people",
}


@pytest_asyncio.fixture(loop_scope="package")
async def topics(hub: Serving) -> Topics:
    return Topics(hub)


def banner(page: "Page", text: str) -> "Locator":
    return page.locator("#system").get_by_role("status").filter(has_text=text)


async def lit(page: "Page") -> set[str]:
    names: list[str] = await page.eval_on_selector_all(
        ".arrow.lit", "found => found.map((one) => one.dataset.arrow)"
    )
    return set(names)


async def becomes_lit(page: "Page", wanted: set[str]) -> None:
    async with asyncio.timeout(5):
        while await lit(page) != wanted:
            await asyncio.sleep(0.02)


async def test_a_line_lights_up_the_way_that_it_has_taken_and_is_counted(
    visit: Visit, topics: Topics
) -> None:
    topics.all_report()
    page = await visit(SYSTEM)
    await banner(page, "All 5 services are ready.").wait_for()
    assert await lit(page) == set()
    topics.happens("guest paid 25.00 EUR", **PAID)
    await becomes_lit(page, WAY_OF_A_PAYMENT)
    row = page.get_by_role("row").filter(has_text="payments_service").filter(has_text="you, a browser")
    await row.get_by_text("0.2/s").wait_for()
    assert await page.locator(".rate", has_text="0.2/s").count() == len(WAY_OF_A_PAYMENT)
    await becomes_lit(page, set())


async def test_records_of_the_stock_light_up_the_arrows_of_their_topics(visit: Visit, topics: Topics) -> None:
    topics.all_report()
    page = await visit(SYSTEM)
    await banner(page, "All 5").wait_for()
    topics.record("inventories")
    await becomes_lit(page, {"payments_service>inventories", "inventories>inventories_service"})
    await becomes_lit(page, set())
    topics.record("stock")
    await becomes_lit(page, {"inventories_service>stock", "stock>payments_service"})


async def test_lines_of_the_past_light_up_nothing(visit: Visit, hub: Serving, topics: Topics) -> None:
    """A page that connects gets the last thousand."""
    topics.all_report()
    page = await visit(SYSTEM)
    await banner(page, "All 5").wait_for()
    hub.publish('{"service":"payments_service","event":"payments.accepted","message":"of another day"}')
    topics.happens("now", service="users_service", event="users.logged_in")
    await page.locator("[data-arrow='people>users_service'].lit").wait_for()
    assert "people>payments_service" not in await lit(page)


async def test_what_is_not_ready_is_named_with_its_reason_and_its_time(visit: Visit, topics: Topics) -> None:
    topics.all_report()
    page = await visit(SYSTEM)
    await banner(page, "All 5").wait_for()
    topics.report("payments_service", ("database", "the database does not answer"))
    told = "payments_service is not ready since 04:11:04: database (the database does not answer)."
    await banner(page, told).wait_for()
    await page.get_by_role("row", name="payments_service not ready").wait_for()
    topics.report("payments_service")
    await banner(page, "All 5").wait_for()


async def test_who_does_not_report_for_three_intervals_is_silent(visit: Visit, topics: Topics) -> None:
    page = await visit(SYSTEM)
    topics.all_report()
    topics.report("users_service", every=0.3)
    await banner(page, "All 5").wait_for()
    await banner(page, "users_service is silent: its last report is of ").wait_for()
    assert await page.locator("[data-place=users_service]").get_attribute("data-state") == "silent"
    await page.get_by_role("row", name="users_service silent").wait_for()


async def test_all_of_them_silent_means_something_else(visit: Visit, topics: Topics) -> None:
    topics.all_report(every=0.2)
    page = await visit(SYSTEM)
    await banner(page, "No service is ready, or none can be heard: is Kafka away?").wait_for()


async def test_lag_outbox_and_dead_letters_are_shown_and_what_is_unknown_is_no_zero(
    visit: Visit, topics: Topics
) -> None:
    topics.all_report()
    topics.report("payments_service", lag={"stock": 1234}, pending=7, handled=0, dead_letters=2)
    page = await visit(SYSTEM)
    row = page.get_by_role("table", name="Services").get_by_role("row").filter(has_text="payments_service")
    await row.get_by_text("stock 1,234").wait_for()
    dash = "\N{EN DASH}"
    assert (await row.inner_text()).split("\t") == [
        *("payments_service", "ready", "stock 1,234", "7", "0", dash, "2", dash)
    ]
    await page.locator("[data-place=payments_service]", has_text="lag 1,234, outbox 7").wait_for()


async def test_the_topic_is_read_only_while_the_view_is_shown(visit: Visit, topics: Topics) -> None:
    page = await visit()
    assert topics.watched("metrics") == 0
    await page.get_by_role("tab", name="System").click()
    await until(lambda: topics.watched("metrics") == topics.watched("stock") == 1)
    await page.get_by_role("tab", name="Stream").click()
    await until(lambda: topics.watched("metrics") == topics.watched("stock") == 0)


async def test_whatever_lies_on_the_topic_is_text(visit: Visit, topics: Topics) -> None:
    page = await visit(SYSTEM)
    topics.all_report()
    topics.report("users_service", (HOSTILE, HOSTILE), lag={HOSTILE: 1}, handled="no number", clients=[1])
    await banner(page, "users_service is not ready").wait_for()
    await page.get_by_role("cell", name="<img").wait_for()
    assert "\\u202eno" in await page.inner_text("#system .banner")
    assert "no number" not in await page.inner_text("#system")
    assert await page.evaluate("window.hacked") is None


async def test_it_can_be_passed_on_and_is_reached_by_keyboard(visit: Visit, topics: Topics) -> None:
    page = await visit()
    await reach(page, "tab-stream")
    await page.keyboard.press("End")
    assert await focused(page) == "tab-system"
    assert await page.evaluate("location.hash") == SYSTEM
    for wanted in ("open-shop", "system"):
        await page.keyboard.press("Tab")
        assert await focused(page) == wanted
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.getAttribute('aria-label')") == "The picture"


async def test_filters_of_the_stream_are_said_to_be_in_force(visit: Visit, topics: Topics) -> None:
    page = await visit("#level=error&view=system")
    await page.get_by_text("Filters are in force in the stream").wait_for()
    other = await visit(SYSTEM)
    await other.get_by_text("Filters are in force in the stream").wait_for(state="hidden")


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
async def test_who_wants_no_motion_gets_none(visit: Visit, topics: Topics, motion: str) -> None:
    topics.all_report()
    page = await visit(SYSTEM, reduced_motion=motion)
    await banner(page, "All 5").wait_for()
    topics.happens("guest paid", **PAID)
    await becomes_lit(page, WAY_OF_A_PAYMENT)
    running = await page.evaluate(
        "document.getAnimations().filter((one) => one.playState === 'running').length"
    )
    assert running == (0 if motion == "reduce" else len(WAY_OF_A_PAYMENT))


async def test_a_hub_that_is_away_is_said(visit: Visit, hub: Serving, topics: Topics) -> None:
    topics.all_report()
    page = await visit(SYSTEM)
    await banner(page, "All 5").wait_for()
    await hub.stop()
    await banner(page, "Not connected to the hub since ").wait_for()


async def test_a_phone_shows_it_without_growing(visit: Visit, topics: Topics) -> None:
    topics.all_report()
    topics.report("payments_service", ("database", "the database does not answer " * 5), pending=1)
    page = await visit(SYSTEM, **PHONE)
    await banner(page, "payments_service is not ready").wait_for()
    assert await page.evaluate("document.documentElement.scrollWidth") == 360


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_to_complain_of_in_it(visit: Visit, topics: Topics, scheme: str) -> None:
    from axe_playwright_python.async_playwright import Axe

    for service, state in zip(SERVICES, ("ready", "missing", "silent", "ready", "none"), strict=True):
        if state != "none":
            missing = [("relay", "starting")] if state == "missing" else []
            topics.report(service, *missing, every=0.1 if state == "silent" else 60.0, lag={"stock": 1})
    page = await visit(SYSTEM, color_scheme=scheme, bypass_csp=True)
    await banner(page, "inventories_service is silent").wait_for()
    topics.happens("guest paid", **PAID)
    await becomes_lit(page, WAY_OF_A_PAYMENT)
    found = await Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()
