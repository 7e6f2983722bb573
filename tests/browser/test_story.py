"""One request as a sequence between services, which grows while it happens."""

import asyncio

import pytest

from logs_service.hub import Hub
from logs_service.lines import Headers, Line
from logs_service.ring import Ring
from logs_service.streams import Stream
from tests.browser.conftest import Visit
from tests.browser.shop import happens, remember_in_the_ring
from tests.logs_service.serving import Serving

pytestmark = pytest.mark.asyncio(loop_scope="package")
AT = "2026-11-21T03:11:04.{}Z"
STOCK_AT = 1_795_230_664_170  # the same second
THIS = {"correlation_id": "req-7f3a"}
RAN_LOW = {"service": "inventories_service", "event": "stock.ran_low"}


def with_stock(hub: Serving) -> Hub:
    """The hub of a second topic."""
    stock = Hub(Ring(1024 * 1024), asyncio.get_running_loop())
    stock.open({})
    remember_in_the_ring(stock)
    streams = {"logs": Stream("logs", hub.hub), "stock": Stream("stock", stock)}
    hub.server.lifespan.state["find_stream"] = streams.get
    return stock


async def test_a_request_is_a_sequence_with_the_time_between(visit: Visit, hub: Serving) -> None:
    stock = with_stock(hub)
    happens(
        hub, "alice paid", service="payments_service", event="payments.accepted", time=AT.format(123), **THIS
    )
    happens(hub, "somebody else")
    headers = Headers("stock.moved.v1", "inventories_service", "req-7f3a")
    stock.publish(
        [Line(0, 0, STOCK_AT, b'{"product":"teapot","level":4,"quantity":-2,"reason":"sold"}', headers)]
    )
    page = await visit()
    await page.locator(".row", has_text="alice paid").locator(".story").click()
    steps = page.locator("#story li")
    await steps.nth(1).wait_for()
    happens(
        hub,
        "teapot has run low",
        service="inventories_service",
        event="stock.ran_low",
        time=AT.format(205),
        **THIS,
    )
    await steps.nth(2).wait_for()
    first, second, third = await steps.all_text_contents()
    assert (
        "payments.accepted, from payments_service to notifications_service, on notifications: alice paid"
        in first
    )
    assert second.startswith("+47 ms")
    assert "from inventories_service to payments_service, on stock" in second
    assert "-2 \N{MULTIPLICATION SIGN} teapot, 4 left (sold)" in second
    assert third.startswith("+35 ms")
    assert "somebody else" not in await page.locator("#story").inner_text()
    assert "3 steps in 82 ms" in await page.locator("#story").inner_text()


async def test_a_story_is_whole_whatever_the_filters_of_the_stream(visit: Visit, hub: Serving) -> None:
    happens(hub, "seen", level="ERROR", **THIS)
    happens(hub, "filtered", **THIS)
    page = await visit("#level=error")
    await page.locator(".row", has_text="seen").click()
    await page.locator("#detail").get_by_role("button", name="req-7f3a").click()
    await page.locator("#story li", has_text="filtered").wait_for()
    assert await page.locator("#story li").count() == 2


async def test_a_story_can_be_passed_on(visit: Visit, hub: Serving) -> None:
    happens(hub, "alice paid", **THIS)
    page = await visit()
    await page.get_by_role("tab", name="Story").click()
    await page.get_by_role("button", name="The newest request").click()
    await page.locator("#story li", has_text="alice paid").wait_for()
    other = await visit(await page.evaluate("location.hash"))
    await other.locator("#story li", has_text="alice paid").wait_for()
