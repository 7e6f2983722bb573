"""/asyncapi in a browser: legible in light and dark and on a phone, whole without a script."""

from typing import Any

import pytest

from tests.browser.conftest import Visit
from tests.browser.test_keyboard import PHONE, RULES, needs_axe

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest.mark.parametrize(
    "context", [{"color_scheme": "light"}, {"color_scheme": "dark", **PHONE}], ids=["light", "dark-phone"]
)
@needs_axe
async def test_axe_finds_nothing_to_complain_of_in_it(visit: Visit, context: dict[str, Any]) -> None:
    from axe_playwright_python.async_playwright import Axe

    page = await visit("asyncapi", live=False, bypass_csp=True, **context)
    await page.get_by_text("payments.stock_requested.v1 An accepted payment").click()
    await page.get_by_role("cell", name="payment_id", exact=True).first.wait_for()
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width == await page.evaluate("innerWidth")
    found = await Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()


async def test_it_needs_no_script_and_asks_nobody_else(visit: Visit) -> None:
    page = await visit("asyncapi", live=False, java_script_enabled=False)
    assert "stock.refused.v1" in await page.inner_text("main")
    await page.get_by_role("link", name="asyncapi.json").wait_for()
