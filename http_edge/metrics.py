"""How many requests, how they ended and how long they took, for Prometheus. Every label is bounded."""

import asyncio
from contextlib import suppress
from functools import cache
from time import perf_counter

from prometheus_client import Counter, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import REGISTRY
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"
MEASURE_SECONDS = 3.0  # of the ten that Prometheus gives a scrape

REQUESTS = Counter("http_requests_total", "Requests that were answered.", ("method", "path", "status"))
SECONDS = Histogram(
    "http_request_duration_seconds",
    "From the head of the request to the end of the answer.",
    ("method", "path"),
    # A write takes some milliseconds, a password hash a quarter second; nothing may take more than 5.5 s.
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.5),
)


class Measured:
    """ASGI middleware. A request whose caller left before the answer has the status `none`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = "none"
        began = perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            answered, seconds = _series(*labels(scope), status)
            answered.inc()
            seconds.observe(perf_counter() - began)


@cache  # as bounded as its labels
def _series(method: str, path: str, status: str) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(method, path, status), SECONDS.labels(method, path)


def labels(scope: Scope) -> tuple[str, str]:
    """The method and the template of the path (`/payments/{payment_id}`)."""
    route = scope.get("route")
    method = scope["method"]
    return method if method in _METHODS else OTHER, route.path if isinstance(route, Route) else OTHER


async def _nothing() -> None:
    """Of a service that opened nothing to measure."""


async def metrics(request: Request) -> Response:
    """`measure` of the lifespan state sets what is only known by a look; in time, or else it is told without."""
    with suppress(TimeoutError):
        async with asyncio.timeout(MEASURE_SECONDS):
            await getattr(request.state, "measure", _nothing)()
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(REGISTRY), headers={"Content-Type": content_type})
