"""The composition of notifications_service: one row, a worker, and health."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from starlette.applications import Starlette

from contracts import LogLine, Notification
from event_bus import On, Worker
from http_edge import Stop, edge
from notifications_service import handlers
from notifications_service.settings import Settings

SERVICE = "notifications_service"
CONSUMES = [On(Notification, handlers.trace, publishes=[LogLine])]


def build(settings: Settings) -> Starlette:
    return edge(
        SERVICE,
        "Turns every notification into one structured line on `logs`.",
        settings,
        resources=partial(resources, settings),
    )


@asynccontextmanager
async def resources(settings: Settings, stop: Stop) -> AsyncIterator[Mapping[str, Any]]:
    async with Worker(settings.broker, SERVICE, CONSUMES, stop) as worker:
        yield {"readiness": {"worker": worker.not_ready}}
