"""The page of the hub: for browsers only, whole in itself, and nothing that a line holds can run in it."""

import asyncio
import base64
import hashlib
import re
from http.client import HTTPConnection, HTTPResponse

from logs_service.pages import PAGE
from tests.logs_service.serving import Serve

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


async def get(port: int, accept: str) -> tuple[HTTPResponse, str]:
    def request() -> tuple[HTTPResponse, str]:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/", headers={"Accept": accept})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer, text

    return await asyncio.to_thread(request)


async def test_a_browser_gets_the_page(serve: Serve) -> None:
    answer, text = await get((await serve()).port, BROWSER)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert text == PAGE.read_text(encoding="utf-8")


async def test_a_program_is_told_what_this_is(serve: Serve) -> None:
    answer, text = await get((await serve()).port, "*/*")
    assert answer.headers["Content-Type"] == "application/json"
    assert '"service":"logs_service"' in text
    assert answer.headers["Vary"] == "Accept"


async def test_only_the_scripts_of_the_page_may_run(serve: Serve) -> None:
    answer, text = await get((await serve()).port, BROWSER)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for tag in ("script", "style"):
        (inline,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_the_page_needs_nothing_from_elsewhere() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert not re.search(r"""https?://|(src|href)\s*=\s*(?!"data:,")|@import|url\(""", page)


def test_the_page_makes_no_markup_of_data() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", page)
