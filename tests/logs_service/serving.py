"""A hub served for real on a loopback port, in the test's own loop, without Kafka: the test publishes itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import uvicorn
from prometheus_client import REGISTRY
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route

from http_edge import Stop, bounded, edge
from http_edge.sockets import listen
from logs_service.admission import Admission
from logs_service.app import build
from logs_service.gate import FOR_PAGES
from logs_service.hub import Hub
from logs_service.keepalive import keep_alive
from logs_service.lines import Line
from logs_service.pages import page_or_about
from logs_service.protocol import HubProtocol
from logs_service.ring import Ring
from logs_service.routes import OPERATIONS
from logs_service.seats import Seats
from logs_service.settings import Settings
from logs_service.streams import Stream
from tests.conftest import Environment


@dataclass
class Serving:
    """A hub behind uvicorn."""

    hub: Hub
    port: int
    server: uvicorn.Server
    app: Starlette
    served: "asyncio.Task[None]" = field(repr=False)
    _offsets: "count[int]" = field(default_factory=count, repr=False)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/"

    def publish(self, *lines: str) -> None:
        """What the feed does."""
        self.hub.publish(numbered(self._offsets, [line.encode() for line in lines]))

    async def joined(self, count: int) -> None:
        """So many clients are here and have everything."""
        await until(lambda: len(self.hub.hot) == count)

    def metric(self, name: str) -> float:
        """Of the only whole hub of this process."""
        value = REGISTRY.get_sample_value(name, {"topic": "logs"})
        assert value is not None
        return value

    async def stop(self) -> None:
        """What a signal does."""
        self.app.state.stop(0, "the test ends")
        self.server.should_exit = True
        await asyncio.wait_for(self.served, 10)


def numbered(offsets: "count[int]", texts: Iterable[bytes], partition: int = 0) -> list[Line]:
    """Lines at the next offsets."""
    return [Line(partition, next(offsets), 1_795_000_000_000, text) for text in texts]


Serve = Callable[..., Awaitable[Serving]]


@asynccontextmanager
async def a_hub(
    *,
    ring_bytes: int = 1024 * 1024,
    ping_seconds: float = 20.0,
    max_clients: int = 100,
    admission: Admission | None = None,
    request_seconds: float = 5.0,
    pages: Sequence[BaseRoute] = (Route("/", page_or_about, middleware=FOR_PAGES),),
) -> AsyncIterator[Serving]:
    hub = Hub(Ring(ring_bytes), asyncio.get_running_loop())
    hub.open({})

    @asynccontextmanager
    async def resources(stop: Stop) -> AsyncIterator[Mapping[str, Any]]:
        pings = asyncio.create_task(keep_alive(hub, ping_seconds))
        allowed = admission or Admission(Seats(max_clients))
        yield {"find_stream": {"logs": Stream("logs", hub)}.get, "admission": allowed}
        pings.cancel()

    settings = Settings(port=0, request_seconds=request_seconds)
    app = edge(
        "logs_service",
        "a hub of the tests",
        settings,
        operations=OPERATIONS,
        pages=pages,
        resources=resources,
    )
    async with _served(app) as serving:
        yield serving


@asynccontextmanager
async def a_whole_hub(environment: Environment, **settings: Any) -> AsyncIterator[Serving]:
    """With its Kafka, in the test's own loop, ready."""
    given = Settings.model_validate({"port": 0, **environment, **settings})
    async with _served(build(given)) as serving:
        await until(lambda: serving.hub.opened, 20)
        yield serving


@asynccontextmanager
async def _served(app: Starlette) -> AsyncIterator[Serving]:
    (listening,) = listen("127.0.0.1", 0)
    http = bounded(app.state.settings.request_seconds)
    config = uvicorn.Config(app, ws=HubProtocol, http=http, log_config=None, access_log=False, lifespan="on")
    server = uvicorn.Server(config)
    served = asyncio.create_task(server._serve([listening]))
    await until(lambda: server.started)
    hub: Hub = server.lifespan.state["find_stream"]("logs").hub
    serving = Serving(hub, listening.getsockname()[1], server, app, served)
    try:
        yield serving
    finally:
        await serving.stop()


async def until(holds: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait for a condition; fail when it does not come true in time."""
    async with asyncio.timeout(seconds):
        while not holds():  # any condition, of objects that know no event
            await asyncio.sleep(0.005)
