"""A hub of the tests that also shows `metrics`, `inventories` and `stock`, and services that report on it."""

import asyncio
import json
import time
from itertools import count
from typing import Any

from dev.services import KINDS
from logs_service.hub import Hub
from logs_service.lines import Headers, Line
from logs_service.ring import Ring
from logs_service.streams import Stream
from tests.browser.shop import line, remember_in_the_ring
from tests.logs_service.serving import Serving

SERVICES = tuple(kind.name for kind in KINDS)


class Topics:
    """What lies on the topics of a shop, now."""

    def __init__(self, serving: Serving) -> None:
        self._serving, self._offsets = serving, count()
        self._hubs = {name: self._open() for name in ("metrics", "inventories", "stock")}
        streams = {name: Stream(name, hub) for name, hub in self._hubs.items()}
        serving.server.lifespan.state["find_stream"] = {"logs": Stream("logs", serving.hub), **streams}.get

    def _open(self) -> Hub:
        hub = Hub(Ring(1024 * 1024), asyncio.get_running_loop())
        hub.open({})
        remember_in_the_ring(hub)
        return hub

    def report(self, service: str, *missing: tuple[str, str], every: float = 5.0, **figures: Any) -> None:
        """`missing`: pairs of a name and a reason, since 03:11:04 UTC."""
        not_ready = [
            {"name": name, "reason": reason, "since": "2026-11-21T03:11:04.123Z"} for name, reason in missing
        ]
        told = {"service": service, "instance": "here:1", "every": every, "not_ready": not_ready, **figures}
        self._put("metrics", json.dumps(told), Headers("services.measured.v1", service, "c"))

    def all_report(self, **more: Any) -> None:
        for service in SERVICES:
            self.report(service, **more)

    def record(self, topic: str, value: str = "{}") -> None:
        self._put(topic, value, Headers(f"{topic}.something.v1", "a_service", "c"))

    def _put(self, topic: str, value: str, headers: Headers) -> None:
        self._hubs[topic].publish([Line(0, next(self._offsets), _now(), value.encode(), headers)])

    def watched(self, topic: str) -> int:
        """How many clients the topic has."""
        return len(self._hubs[topic].clients)

    def happens(self, message: str, **members: object) -> None:
        """A log line of this moment."""
        text = line(message, **members).encode()
        self._serving.hub.publish([Line(0, next(self._serving._offsets), _now(), text)])


def _now() -> int:
    return int(time.time() * 1000)
