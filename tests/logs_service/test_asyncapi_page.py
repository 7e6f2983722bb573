"""/asyncapi: every topic and event for people, whole in itself; what the document holds is text."""

import json
from html.parser import HTMLParser
from typing import Any

from contracts import EVENT_TYPES
from contracts.topics import ALL
from dev.paths import ROOT
from logs_service import asyncapi
from logs_service.pages import PAGES
from tests.logs_service.serving import Serve
from tests.logs_service.test_live_page import get

HOSTILE = '<script>alert("x")</script>'


class Seen(HTMLParser):
    """The tags of a page, what it would load, its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.loads: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.loads += [value or "" for name, value in attrs if name in ("src", "href", "action")]

    def handle_data(self, data: str) -> None:
        self.text += data


async def test_the_page_shows_every_topic_event_and_service_and_loads_nothing(serve: Serve) -> None:
    answer, text = await get(await serve(pages=PAGES), "/asyncapi")
    page = Seen(text)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    for topic in ALL:
        assert topic.name in page.text
    for name, kind in EVENT_TYPES.items():
        assert name in page.text
        assert all(field in page.text for field in kind.model_fields)
    assert "inventories_service" in page.text
    assert not page.tags & {"script", "link", "img", "iframe", "form"}
    assert set(page.loads) == {"/asyncapi.json", *(f"#{topic.name}" for topic in ALL)}
    assert "color-scheme: light dark" in text


async def test_tools_get_the_generated_document_itself(serve: Serve) -> None:
    answer, text = await get(await serve(pages=PAGES), "/asyncapi.json")
    assert answer.headers["Content-Type"] == "application/json"
    assert text == (ROOT / "ressources" / "asyncapi.json").read_text(encoding="utf-8")


async def test_names_that_are_not_the_hubs_own_get_nothing(serve: Serve) -> None:
    hub = await serve(pages=PAGES)
    for path in ("/asyncapi", "/asyncapi.json"):
        assert (await get(hub, path, Host="evil.example"))[0].status == 421


def hostile(part: Any) -> Any:
    """The document with markup in every text that is no name of something else in it."""
    if isinstance(part, list):
        return [hostile(inner) for inner in part]
    if isinstance(part, dict):
        return {
            name: hostile(inner) if name not in ("$ref", "action", "type") else inner
            for name, inner in part.items()
        }
    return part + HOSTILE if isinstance(part, str) else part


def test_whatever_the_document_holds_is_text() -> None:
    page = asyncapi.rendered(hostile(json.loads(asyncapi.document())))
    assert HOSTILE not in page
    assert "script" not in Seen(page).tags
    assert HOSTILE in Seen(page).text


def test_the_image_of_the_containers_has_the_document() -> None:
    assert "!ressources/asyncapi.json" in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()


def test_the_live_page_leads_there() -> None:
    page = (ROOT / "logs_service" / "page" / "index.html").read_text(encoding="utf-8")
    assert '<a href="/asyncapi">' in page
