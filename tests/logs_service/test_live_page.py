"""The page of the hub: for browsers only, whole in itself, and nothing that a line holds can run in it."""

import asyncio
import json
import re
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from http_edge.page_files import INDEX
from logs_service.pages import FILES, FOLDER, PAGES
from logs_service.settings import Settings
from tests.logs_service.serving import Serve, Serving

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
SCRIPTS = sorted(FOLDER.glob("*.js"))


async def get(hub: Serving, path: str = "/", accept: str = "*/*", **headers: str) -> tuple[HTTPResponse, str]:
    def request() -> tuple[HTTPResponse, str]:
        connection = HTTPConnection("127.0.0.1", hub.port, timeout=5)
        connection.request("GET", path, headers={"Accept": accept, **_named(headers)})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer, text

    return await asyncio.to_thread(request)


def _named(headers: Mapping[str, str]) -> Mapping[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def text_of(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


async def test_a_browser_gets_the_page(serve: Serve) -> None:
    answer, text = await get(await serve(pages=PAGES), accept=BROWSER)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert text == text_of(INDEX)


async def test_a_program_is_told_what_this_is(serve: Serve) -> None:
    answer, text = await get(await serve(pages=PAGES))
    assert answer.headers["Content-Type"] == "application/json"
    assert '"service":"logs_service"' in text
    assert "Accept" in answer.headers["Vary"]


async def test_each_file_has_its_type_and_is_asked_for_again_only_if_it_changed(serve: Serve) -> None:
    hub = await serve(pages=PAGES)
    for name in set(FILES.types) - {INDEX}:
        answer, text = await get(hub, f"/live/{name}")
        assert (answer.status, text) == (200, text_of(name))
        kind = "text/css" if name.endswith(".css") else "text/javascript"
        assert answer.headers["Content-Type"] == f"{kind}; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        again, empty = await get(hub, f"/live/{name}", If_None_Match=f'"other", {answer.headers["ETag"]}')
        assert (again.status, empty) == (304, "")


@pytest.mark.parametrize(
    "name", ["", "nothing.js", "index.html", "../pages.py", "..%2Fpages.py", "%2Fetc%2Fpasswd"]
)
async def test_nothing_else_is_given(serve: Serve, name: str) -> None:
    answer, _ = await get(await serve(pages=PAGES), f"/live/{name}")
    assert answer.status == 404


async def test_names_that_are_not_the_hubs_own_get_nothing(serve: Serve) -> None:
    hub = await serve(pages=PAGES)
    for path in ("/", "/live/main.js", "/live/settings.json"):
        assert (await get(hub, path, Host="evil.example"))[0].status == 421
        assert (await get(hub, path, Origin="http://evil.example"))[0].status == 403


async def test_only_the_scripts_of_the_page_may_run_and_they_may_call_the_shop(serve: Serve) -> None:
    hub = await serve(pages=PAGES)
    hub.app.state.settings = Settings(port=0, users_url="http://u:1", payments_url="http://p:2")
    answer, _ = await get(hub, accept=BROWSER)
    assert answer.headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' http://u:1 http://p:2; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    _, text = await get(hub, "/live/settings.json")
    assert json.loads(text) == {"users": "http://u:1", "payments": "http://p:2", "requireToken": False}


@pytest.mark.parametrize("name", FILES.types)
def test_the_page_needs_nothing_from_elsewhere(name: str) -> None:
    assert not re.search(r"https?://|@import|url\(", text_of(name))
    for link in re.findall(r"""(?:src|href)\s*=\s*"([^"]*)""", text_of(name)):
        assert link in {"data:,", "/download", "/asyncapi", *(f"/live/{file}" for file in FILES.types)}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_makes_no_markup_of_data(script: Path) -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|setHTML|srcdoc"
    assert not re.search(forbidden, script.read_text(encoding="utf-8"))


def test_a_page_has_no_script_of_its_own() -> None:
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", text_of(INDEX))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_can_be_read_at_a_sitting(script: Path) -> None:
    assert len(script.read_text(encoding="utf-8").splitlines()) <= 250
