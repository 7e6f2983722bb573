"""The composition of notifications_service: one row, a worker, and health."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from functools import partial
from typing import Any

from starlette.applications import Starlette

from contracts import LOGS, LogLine, Notification
from event_bus import On, Outgoing, Printer, Vitals, Worker
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
    """Each line is printed as soon as Kafka has taken it: before anybody else can have it."""

    def taken(outputs: Sequence[Outgoing]) -> None:
        printer.print([output.value for output in outputs if output.topic == LOGS.name and output.value])

    with closing(Printer()) as printer:
        async with Worker(settings.broker, SERVICE, CONSUMES, stop, taken, alone=settings.alone) as worker:
            readiness = {"worker": worker.not_ready}
            async with Vitals(settings.broker, SERVICE, settings.port, readiness, consumer=worker) as vitals:
                yield {"readiness": readiness, "measure": vitals.measure}
