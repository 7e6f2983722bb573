"""New messages as Server-Sent Events."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx2 as httpx
import pytest

from tests.conftest import Environment
from tests.event_bus.cluster import Cluster, until
from tests.kafka_browser.serving import serving

LIVE = "/api/topics/cups/live"


class Watcher:
    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.aiter_lines()
        self.id = ""

    async def next(self) -> tuple[str, Any]:
        """The next event: its name and its data."""
        found: dict[str, str] = {}
        async with asyncio.timeout(20):
            async for line in self._lines:
                name, _, text = line.partition(": ")
                found[name] = text
                if not line and "data" in found:
                    self.id = found["id"]
                    return found["event"], json.loads(found["data"])
        raise EOFError

    async def value(self) -> str:
        name, message = await self.next()
        assert name == "message"
        return str(message["value"])


@asynccontextmanager
async def watching(browser: httpx.AsyncClient, last: str = "", **query: Any) -> AsyncIterator[Watcher]:
    headers = {"Last-Event-ID": last} if last else {}
    async with browser.stream("GET", LIVE, params=query, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        watcher = Watcher(answer)
        assert (await watcher.next())[0] == "ready"
        yield watcher


async def test_new_messages_come_and_old_ones_do_not(browser: httpx.AsyncClient, cluster: Cluster) -> None:
    await cluster.create("cups", 2)
    await cluster.write("cups", [(b"k", b"old", [])])
    async with watching(browser) as watcher, watching(browser, contains="2") as some:
        await cluster.write("cups", [(b"k", b"new 1", []), (b"k", b"new 2", [])])
        assert [await watcher.value(), await watcher.value()] == ["new 1", "new 2"]
        assert await some.value() == "new 2"


async def test_who_comes_back_gets_what_was_written_meanwhile(
    browser: httpx.AsyncClient, cluster: Cluster
) -> None:
    await cluster.create("cups")
    async with watching(browser) as watcher:
        await cluster.write("cups", [(b"k", b"1", [])])
        assert await watcher.value() == "1"
    await cluster.write("cups", [(b"k", b"2", [])])
    async with watching(browser, watcher.id) as again:
        assert await again.value() == "2"
    assert (await browser.get(LIVE, headers={"Last-Event-ID": "x"})).status_code == 400


async def test_places_are_few_and_who_goes_gives_his_back(environment: Environment, cluster: Cluster) -> None:
    await cluster.create("cups")
    async with serving(environment, max_live=1) as browser:
        async with watching(browser):
            refused = await browser.get(LIVE)
            assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
            assert (await browser.head(LIVE)).status_code == 200

        async def is_free() -> bool:
            async with browser.stream("GET", LIVE) as answer:
                return answer.status_code == 200

        await until(is_free)


async def test_a_stop_ends_it(environment: Environment, cluster: Cluster) -> None:
    await cluster.create("cups")
    async with httpx.AsyncClient(timeout=20) as client, AsyncExitStack() as outlives:
        async with serving(environment) as browser:
            client.base_url = browser.base_url
            watcher = await outlives.enter_async_context(watching(client))
        with pytest.raises(EOFError):
            await watcher.next()
