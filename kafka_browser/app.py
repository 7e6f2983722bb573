"""Puts the browser together. Kafka is asked only when somebody asks: nothing is open meanwhile."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from starlette.applications import Starlette

from event_bus.errors import Unavailable
from http_edge import KnownNames, Stop, edge
from kafka_browser.kafka import Kafka
from kafka_browser.live import Seats
from kafka_browser.pages import PAGES
from kafka_browser.routes import OPERATIONS
from kafka_browser.settings import Settings
from kafka_browser.topics import Topics

SUMMARY = "What lies on Kafka, to look at: topics, messages, consumer groups, dead letters."


def build(settings: Settings) -> Starlette:
    return edge(
        "kafka_browser",
        SUMMARY,
        settings,
        operations=OPERATIONS,
        pages=PAGES,
        resources=partial(_resources, settings),
        unavailable=[Unavailable],
    )


@asynccontextmanager
async def _resources(settings: Settings, stop: Stop) -> AsyncIterator[Mapping[str, Any]]:
    kafka = Kafka(settings.broker)
    yield {
        "kafka": kafka,
        "topics": Topics(kafka),
        "seats": Seats(settings.max_live),
        "search_records": settings.search_records,
        "known_names": KnownNames("KAFKA_BROWSER_ALLOWED", settings.allowed_hosts, settings.allowed_origins),
        "readiness": {"kafka": kafka.not_ready},
    }
