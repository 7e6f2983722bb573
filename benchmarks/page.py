"""`./shop bench page [SECONDS]`: whether the live page keeps up with 2,000 lines a second, and in how much memory.

A Chromium without a window shows the stream of a shop of its own. Frames are those of Chromium's own trace.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import httpx2 as httpx
from rich.console import Console
from rich.table import Table

from benchmarks.devtools import DevTools, devtools
from benchmarks.hub.running import Fed
from benchmarks.running_shop import running_shop

RATE = 2_000  # lines a second, of 200 bytes: ten minutes of them fit into what the topic keeps
TICK = 0.025  # seconds between two batches: notifications_service commits 36 times a second at its most
SECONDS = 600.0
LOOK_SECONDS = 2.0
FULL_SECONDS = 30.0  # by then the page holds as many lines as it ever does
MOST_MS = 50.0  # of 99 frames in 100: what people still take for smooth
FRAMES, DRAWN = "disabled-by-default-devtools.timeline.frame", "DrawFrame"
# From the newest row: the number of lines that the page has been given; gaps would be among them.
COUNTED = """1 + Math.max(
    -1, ...[...document.querySelectorAll(".row[id]")].map((row) => Number(row.id.slice(4))))"""
GAPS = "document.querySelectorAll('.gap:not([hidden])').length"
LIVE = "document.querySelector('#state[data-state=live]') !== null"


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
            async with devtools() as tools:
                seen = await _visit(tools, shop.url("logs_service"), writer, seconds)
        finally:
            writer.end()
    _show(seen, seconds)


async def _visit(tools: DevTools, url: str, writer: Fed, seconds: float) -> Seen:
    seen = Seen()
    await tools.open(url, 1200, 700)
    await _until(tools, LIVE)
    await tools.ask("Performance.enable")
    await tools.start_trace([FRAMES])
    writer.begin(RATE, seconds, tick=TICK)
    await _watch(tools, seen, seconds)
    seen.written = (await asyncio.to_thread(writer.answer))["lines"]
    seen.frames = _frames(await tools.end_trace())
    seen.downloaded = await _downloaded(url)
    await _until(
        tools, f"{COUNTED} >= {seen.downloaded}"
    )  # the last line is drawn; who is late is seen in the count
    seen.counted, seen.gaps = await tools.evaluate(COUNTED), await tools.evaluate(GAPS)
    return seen


async def _watch(tools: DevTools, seen: Seen, seconds: float) -> None:
    begun = time.monotonic()
    while (passed := time.monotonic() - begun) < seconds:
        metrics = (await tools.ask("Performance.getMetrics"))["metrics"]
        used = next(one["value"] for one in metrics if one["name"] == "JSHeapUsedSize")
        seen.heap.append((passed, used))
        await asyncio.sleep(LOOK_SECONDS)


async def _until(tools: DevTools, holds: str) -> None:
    """For ten seconds at most."""
    for _ in range(100):
        if await tools.evaluate(holds):
            return
        await asyncio.sleep(0.1)  # between two looks


def _frames(events: Sequence[dict[str, Any]]) -> list[float]:
    drawn = sorted(event["ts"] / 1000 for event in events if event["name"] == DRAWN)
    return sorted(after - before for before, after in pairwise(drawn))


async def _downloaded(url: str) -> int:
    async with httpx.AsyncClient(timeout=60) as client, client.stream("GET", f"{url}/download") as answer:
        answer.raise_for_status()
        return sum([piece.count(b"\n") async for piece in answer.aiter_bytes()])


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
