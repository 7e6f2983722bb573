"""A connection that is cut comes back behind its last line; what the hub can't give any more is seen as a gap."""

import asyncio

import pytest

from tests.browser.conftest import Visit
from tests.browser.shop import cut_connections, happens
from tests.browser.test_stream import messages, shows
from tests.logs_service.serving import Serving

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_nothing_is_missing_or_doubled(visit: Visit, hub: Serving) -> None:
    page = await visit()
    written = []
    for round_ in range(3):
        lines = [f"line {round_}/{number}" for number in range(5)]
        happens(hub, *lines[:3])
        await shows(page, lines[2])
        cut_connections(hub)
        happens(hub, *lines[3:])
        await shows(page, lines[4])
        written += lines
    assert await messages(page) == written
    assert await page.locator(".gap:not([hidden])").count() == 0


async def test_all_lines_come_though_the_connection_was_cut_before_the_first(
    visit: Visit, hub: Serving
) -> None:
    """More than a new visitor gets."""
    page = await visit()
    cut_connections(hub)
    happens(hub, *(f"line {number}" for number in range(1200)))
    await page.locator("#count", has_text="1,200 lines here").wait_for()


async def test_the_state_is_told_in_words(visit: Visit, hub: Serving) -> None:
    page = await visit()
    await hub.stop()
    await page.locator("#state", has_text="not connected, next try in").wait_for()
    await page.get_by_role("status").filter(has_text="not connected").wait_for()


async def test_what_is_lost_is_a_gap_in_its_place(visit: Visit, hub: Serving) -> None:
    page = await visit()
    happens(hub, "before")
    await shows(page, "before")
    (client,) = hub.hub.clients
    extent = {"topic": "logs", "partition": 0, "reason": "deleted", "from": 3, "to": 49, "count": 47}
    notice = client.form.encoding.notice("lost", hub.hub.ring.position, **extent)
    assert notice is not None
    client.write(notice)
    happens(hub, "after")
    await shows(page, "after")
    gap = "Lines are missing here: 47 offsets, 3 to 49 of logs/0 (deleted)"
    assert await messages(page) == ["before", gap, "after"]


async def test_other_filters_take_no_second_connection(visit: Visit, hub: Serving) -> None:
    page = await visit()
    for level in ("error", "warning", ""):
        await page.locator("select[name=level]").select_option(level)
    await page.wait_for_selector("#state[data-state=live]")
    async with asyncio.timeout(5):
        while len(hub.hub.clients) != 1:
            await asyncio.sleep(0.01)


async def test_a_story_is_opened_beside_a_gap(visit: Visit, hub: Serving) -> None:
    page = await visit()
    (client,) = hub.hub.clients
    extent = {"topic": "logs", "partition": 0, "reason": "deleted", "from": 3, "to": 49, "count": 47}
    client.write(client.form.encoding.notice("lost", hub.hub.ring.position, **extent) or b"")
    happens(hub, "after", correlation_id="deleted")
    await page.locator(".row", has_text="after").locator(".story").click()
    await page.locator("#story li", has_text="after").wait_for()
