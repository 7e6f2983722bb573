"""`./shop bench page [SECONDS]`: whether the live page keeps up with 2,000 lines a second, and in how much memory.

A Chromium without a window shows the stream of a shop of its own. Frames are those of Chromium's own trace.
"""

import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2 as httpx
from rich.console import Console
from rich.table import Table

from benchmarks.hub.running import Fed
from benchmarks.running_shop import running_shop
from dev import chromium

if TYPE_CHECKING:
    from playwright.async_api import Browser, CDPSession, Page

RATE = 2_000  # lines a second, of 200 bytes: ten minutes of them fit into what the topic keeps
SECONDS = 600.0
LOOK_SECONDS = 2.0
FULL_SECONDS = 30.0  # by then the page holds as many lines as it ever does
MOST_MS = 50.0  # of 99 frames in 100: what people still take for smooth
FRAMES, DRAWN = "disabled-by-default-devtools.timeline.frame", "DrawFrame"
# From the newest row: the number of lines that the page has been given; gaps would be among them.
COUNTED = """() => 1 + Math.max(
    -1, ...[...document.querySelectorAll(".row[id]")].map((row) => Number(row.id.slice(4))))"""
GAPS = "() => document.querySelectorAll('.gap:not([hidden])').length"


@dataclass
class Seen:
    """What one visit showed. `frames`: milliseconds between two; `heap`: (seconds, bytes)."""

    written: int = 0
    counted: int = 0
    downloaded: int = 0
    gaps: int = 0
    frames: Sequence[float] = ()
    heap: list[tuple[float, float]] = field(default_factory=list)


async def main(seconds: float) -> None:
    with running_shop() as shop:
        writer = Fed(
            [sys.executable, "-m", "benchmarks.hub.writer", shop.status["kafka"]["bootstrap_servers"]], 1
        )
        writer.answer()
        try:
            async with chromium.started() as browser:
                seen = await _visit(browser, shop.url("logs_service"), writer, seconds)
        finally:
            writer.end()
    _show(seen, seconds)


async def _visit(browser: "Browser", url: str, writer: Fed, seconds: float) -> Seen:
    seen = Seen()
    page = await browser.new_page(viewport={"width": 1200, "height": 700})
    await page.goto(url)
    await page.wait_for_selector("#state[data-state=live]")
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Performance.enable")
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace.json"
        await browser.start_tracing(page=page, path=trace, categories=[FRAMES])
        writer.begin(RATE, seconds)
        await _watch(devtools, seen, seconds)
        seen.written = (await asyncio.to_thread(writer.answer))["lines"]
        await browser.stop_tracing()
        seen.frames = _frames(json.loads(trace.read_text())["traceEvents"])
    seen.downloaded = await _downloaded(url)
    await _count(page, seen)
    return seen


async def _watch(devtools: "CDPSession", seen: Seen, seconds: float) -> None:
    begun = time.monotonic()
    while (passed := time.monotonic() - begun) < seconds:
        metrics = (await devtools.send("Performance.getMetrics"))["metrics"]
        used = next(one["value"] for one in metrics if one["name"] == "JSHeapUsedSize")
        seen.heap.append((passed, used))
        await asyncio.sleep(LOOK_SECONDS)


def _frames(events: Sequence[dict[str, Any]]) -> list[float]:
    drawn = sorted(event["ts"] / 1000 for event in events if event["name"] == DRAWN)
    return sorted(after - before for before, after in pairwise(drawn))


async def _downloaded(url: str) -> int:
    async with httpx.AsyncClient(timeout=60) as client, client.stream("GET", f"{url}/download") as answer:
        answer.raise_for_status()
        return sum([piece.count(b"\n") async for piece in answer.aiter_bytes()])


async def _count(page: "Page", seen: Seen) -> None:
    """When the last line was drawn."""
    with contextlib.suppress(Exception):  # who is late is seen in the count
        await page.wait_for_function(f"({COUNTED})() >= {seen.downloaded}", timeout=10_000)
    seen.counted, seen.gaps = await page.evaluate(COUNTED), await page.evaluate(GAPS)


def _show(seen: Seen, seconds: float) -> None:
    table = Table("what", "measured", "must")
    for name, share, must in (("p50", 0.5, ""), ("p99", 0.99, f"{MOST_MS:g}"), ("longest", 1.0, "")):
        table.add_row(f"frame, {name}, ms", f"{_quantile(seen.frames, share):.1f}", must)
    table.add_row("frames", f"{len(seen.frames):,}", "")
    full = [one for one in seen.heap if one[0] >= min(FULL_SECONDS, seconds / 4)]
    third = max(1, len(full) // 3)
    for name, part in (("start", full[:third]), ("middle", full[third:-third]), ("end", full[-third:])):
        least = min((used for _, used in part), default=0)
        table.add_row(f"JS heap, {name}: the least, MB", f"{least / 1e6:.1f}", "as at the start")
    table.add_row("JS heap, the most, MB", f"{max(used for _, used in seen.heap) / 1e6:.1f}", "")
    table.add_row("lines written", f"{seen.written:,}", f"{RATE * seconds:,.0f}")
    table.add_row("lines missed by the page", f"{seen.downloaded - seen.counted:,}", "0")
    table.add_row("gaps that it shows", str(seen.gaps), "0")
    Console().print(table)


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS))
