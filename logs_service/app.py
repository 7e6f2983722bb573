"""Puts the log hub together: topic → feed → hub → WebSockets, and the HTTP side around it."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from typing import Any

from prometheus_client import REGISTRY
from starlette.applications import Starlette
from starlette.routing import Route

from contracts.topics import LOGS
from event_bus import Reader
from http_edge import Stop, edge

from .admission import Admission
from .feed import Feed
from .hub import Hub
from .keepalive import keep_alive
from .metrics import HubMetrics
from .pages import page_or_about
from .printer import Printer
from .ring import Ring
from .seen import Seen
from .settings import Settings

SUMMARY = "Every log line of the shop, live: connect any WebSocket client to / here."


def build(settings: Settings) -> Starlette:
    return edge(
        "logs_service",
        SUMMARY,
        settings,
        pages=[Route("/", page_or_about)],
        resources=partial(_resources, settings),
    )


@asynccontextmanager
async def _resources(settings: Settings, stop: Stop) -> AsyncIterator[Mapping[str, Any]]:
    with ExitStack() as opened:
        printer = Printer()
        opened.callback(printer.close)
        hub = Hub(Ring(settings.ring_bytes), asyncio.get_running_loop())
        feed = Feed(hub, printer, Seen(settings.remembered_ids))
        metrics = HubMetrics(hub, feed, printer)
        REGISTRY.register(metrics)
        opened.callback(REGISTRY.unregister, metrics)
        reader = Reader(settings.broker, [LOGS.name], start="end")
        admission = Admission(settings.max_clients, settings.allowed_hosts, settings.allowed_origins)
        async with _running(stop, feed.run(reader), keep_alive(hub, settings.ping_seconds)):
            yield {"hub": hub, "admission": admission, "readiness": {"kafka": reader.not_ready}}


@asynccontextmanager
async def _running(stop: Stop, *works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Neither ends by itself: if one does, the process must not go on half alive."""

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            stop(1, f"a background task ended: {task.exception()!r}")

    tasks = [asyncio.create_task(work) for work in works]
    for task in tasks:
        task.add_done_callback(ended)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
