"""Puts the log hub together: topics → feeds → hubs → WebSockets, and the HTTP side around it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

from prometheus_client import REGISTRY
from starlette.applications import Starlette

from contracts.topics import LOGS
from event_bus import Check, IdentityFollower, Vitals
from event_bus.errors import Unavailable
from event_bus.printer import Printer
from http_edge import KeyRing, Revocations, Stop, TokenChecker, edge
from logs_service.admission import Admission
from logs_service.metrics import HubMetrics
from logs_service.pages import PAGES
from logs_service.routes import OPERATIONS
from logs_service.seats import Seats
from logs_service.settings import Settings
from logs_service.streams import Streams
from logs_service.topics import Topics

SUMMARY = "Every log line of the shop, live: connect any WebSocket client to / here."
SERVICE = "logs_service"


def build(settings: Settings) -> Starlette:
    return edge(
        SERVICE,
        SUMMARY,
        settings,
        operations=OPERATIONS,
        pages=PAGES,
        resources=partial(_resources, settings),
        unavailable=[Unavailable],
    )


@asynccontextmanager
async def _resources(settings: Settings, stop: Stop) -> AsyncIterator[Mapping[str, Any]]:
    async with AsyncExitStack() as opened:
        printer = Printer()
        opened.callback(printer.close)
        streams = await opened.enter_async_context(Streams(LOGS.name, settings, stop, printer.print))
        metrics = HubMetrics(streams, printer)
        REGISTRY.register(metrics)
        opened.callback(REGISTRY.unregister, metrics)
        seats = Seats(settings.max_clients, settings.max_clients_per_address)
        readiness: dict[str, Check] = {"kafka": streams.main.reader.not_ready}
        tokens = None
        if settings.require_token:
            keys, revocations = KeyRing(), Revocations()
            identity = await opened.enter_async_context(
                IdentityFollower(settings.broker, keys.apply, stop, revocations=revocations)
            )
            readiness["identity"] = identity.not_ready
            tokens = TokenChecker(
                keys,
                identity.caught_up,
                issuer=settings.token_issuer,
                audience=settings.token_audience,
                revocations=revocations,
            )
        vitals = Vitals(settings.broker, SERVICE, settings.port, readiness, watched=lambda: _figures(streams))
        await opened.enter_async_context(vitals)
        yield {
            "find_stream": streams.find,
            "topics": Topics(settings.broker, {LOGS.name} | settings.topics),
            "admission": Admission(seats, settings.allowed_hosts, settings.allowed_origins, tokens),
            "readiness": readiness,
        }


def _figures(streams: Streams) -> Mapping[str, float]:
    ring = streams.main.hub.ring
    clients = sum(len(stream.hub.clients) for stream in streams.open)
    return {"clients": clients, "ring_fill": round(ring.bytes / ring.limit_bytes, 3)}
