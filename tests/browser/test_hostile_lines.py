"""Whatever a line holds is text: nothing runs, nothing is invisible, nothing is too large."""

import json

import pytest

from tests.browser.conftest import Visit
from tests.browser.shop import happens, line
from tests.logs_service.serving import Serving

pytestmark = pytest.mark.asyncio(loop_scope="package")
MARKUP = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script><b>bold</b>'
HIDDEN = "red\x1b[31m zero\x00 bidi\u202eexe c1\x9b end"


async def test_markup_is_shown_as_it_is_written(visit: Visit, hub: Serving) -> None:
    hub.publish(
        line(MARKUP, service=MARKUP, event=MARKUP, user=MARKUP, correlation_id=MARKUP), MARKUP, f'"{MARKUP}'
    )
    page = await visit()
    await page.locator(".row .message", has_text=MARKUP).nth(2).wait_for()
    await page.locator(".row").first.click()
    await page.locator("#detail").get_by_role("button", name=MARKUP).first.wait_for()
    await page.locator("#search").fill("<b>")
    await page.locator("mark").first.wait_for()
    await page.locator(".row .story:not(:empty)").first.click()
    await page.locator("#story").get_by_text(MARKUP).first.wait_for()
    assert await page.evaluate("window.hacked") is None
    assert await page.locator("img, b:text-is('bold'), main script").count() == 0


async def test_a_link_with_markup_is_text_too(visit: Visit, hub: Serving) -> None:
    page = await visit(f"#service={MARKUP.replace('#', '')}&level={MARKUP}&story={MARKUP}")
    assert await page.evaluate("window.hacked") is None
    assert await page.locator("img, main script").count() == 0


async def test_what_is_invisible_is_shown(visit: Visit, hub: Serving) -> None:
    hub.publish(line(HIDDEN))
    page = await visit()
    shown = "red␛[31m zero␀ bidi\\u202eexe c1\\u009b end"
    await page.locator(".row .message", has_text=shown).click()
    await page.locator("#detail").get_by_text(shown, exact=True).wait_for()


async def test_a_long_line_is_cut_until_somebody_wants_all(visit: Visit, hub: Serving) -> None:
    hub.publish(line("x" * 102_400))
    page = await visit()
    await page.locator(".row .message", has_text="xxx").click()
    assert len(await page.locator(".row .message").first.inner_text()) == 400
    detail = page.locator("#detail")
    assert len(await detail.inner_text()) < 6000
    await detail.get_by_role("button", name="Show all 100 KB").first.click()
    assert len(await detail.inner_text()) > 102_400


async def test_what_is_deep_or_wide_or_no_line_is_shown_by_parts(visit: Visit, hub: Serving) -> None:
    deep = (
        json.dumps({"message": "deep", "wide": list(range(5000))})[:-1]
        + ',"deep":'
        + "[" * 5000
        + "]" * 5000
        + "}"
    )
    hub.publish(deep, "", "null", '{"message":7,"time":[],"level":{},"service":null}', "{")
    page = await visit()
    await page.locator("#count", has_text="5 lines").wait_for()
    await page.locator(".row .message", has_text="deep").first.click()
    detail = page.locator("#detail")
    await detail.locator("summary", has_text="deep").click()
    await detail.locator("summary", has_text="wide").click()
    await detail.get_by_role("button", name="4900 more").wait_for()
    assert await detail.locator("li").count() < 200


async def test_much_at_once_leaves_the_page_small(visit: Visit, hub: Serving) -> None:
    page = await visit()
    for begin in range(0, 60_000, 5000):
        happens(hub, *(f"line {number}" for number in range(begin, begin + 5000)))
    await page.locator(".row .message", has_text="line 59999").wait_for(timeout=30_000)
    assert await page.inner_text("#count") == "50,000 lines here, the older ones are gone"
    assert await page.locator("*").count() < 500
    await page.locator("#rows").press("Home")
    await page.locator(".row .message", has_text="line 10000").wait_for()


async def test_large_lines_are_bounded_by_their_size(visit: Visit, hub: Serving) -> None:
    page = await visit()
    for number in range(40):
        happens(hub, f"line {number} " + "x" * 1_000_000)
    await page.locator(".row .message", has_text="line 39").wait_for(timeout=30_000)
    assert await page.inner_text("#count") == "33 lines here, the older ones are gone"
