"""Puts the log hub together: topic → feed → hub → WebSockets, and the HTTP side around it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from typing import Any

from prometheus_client import REGISTRY
from starlette.applications import Starlette
from starlette.routing import Route

from contracts.topics import LOGS
from event_bus import Reader, run_in_background
from event_bus.printer import Printer
from http_edge import Stop, edge
from logs_service.admission import Admission
from logs_service.feed import Feed
from logs_service.hub import Hub
from logs_service.keepalive import keep_alive
from logs_service.metrics import HubMetrics
from logs_service.pages import page_or_about
from logs_service.replays import Replays
from logs_service.ring import Ring
from logs_service.seen import Seen
from logs_service.settings import Settings

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
        topic = settings.broker.named(LOGS.name)
        hub = Hub(Ring(settings.ring_bytes), asyncio.get_running_loop(), topic)
        seen = Seen(settings.remembered_ids)
        feed = Feed(hub, printer, seen, settings.remembered_ids)
        replays = Replays(hub, settings.broker, LOGS.name, seen, settings.replay_readers)
        hub.behind = replays.take
        metrics = HubMetrics(hub, feed, replays, printer)
        REGISTRY.register(metrics)
        opened.callback(REGISTRY.unregister, metrics)
        reader = Reader(settings.broker, [LOGS.name], feed.start, feed.move)
        admission = Admission(settings.max_clients, settings.allowed_hosts, settings.allowed_origins)
        tasks = [
            run_in_background(feed.run(reader), "feed", stop),
            run_in_background(feed.open(reader), "filling the ring", stop),
            run_in_background(replays.run(), "replays", stop),
            run_in_background(keep_alive(hub, settings.ping_seconds), "keepalive", stop),
        ]
        try:
            yield {"hub": hub, "admission": admission, "readiness": {"kafka": reader.not_ready}}
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
