"""A service's HTTP side put together: its table, the routes that all services have, and one lifespan."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route

from http_edge.cors import Cors
from http_edge.description import description_routes
from http_edge.errors import Problem
from http_edge.health import LINKS, About, health_operations
from http_edge.lifespan import BriefLifespan, lifespan_of
from http_edge.limits import Admission, BodyLimit
from http_edge.metrics import Measured, metrics
from http_edge.operations import Operation
from http_edge.problems import UnexpectedErrors, answer_http_exception, answer_problem, answer_unavailable
from http_edge.request_id import request_id_middleware
from http_edge.settings import EdgeSettings
from http_edge.stopping import Stop
from http_edge.trace_context import TraceContext

VERSION = "0.1.0"

# Opens what the service needs, yields the state of its requests (`request.state`), closes in reverse.
Resources = Callable[[Stop], AbstractAsyncContextManager[Mapping[str, Any]]]


@asynccontextmanager
async def no_resources(stop: Stop) -> AsyncIterator[Mapping[str, Any]]:
    yield {}


def edge(
    service: str,
    summary: str,
    settings: EdgeSettings,
    *,
    operations: Sequence[Operation] = (),
    pages: Sequence[BaseRoute] = (),
    resources: Resources = no_resources,
    unavailable: Sequence[type[Exception]] = (),
) -> Starlette:
    """`operations` are described in OpenAPI; `pages` are plain routes, come first, and are not.

    An exception of `unavailable` means that something which the service needs is away: 503 with Retry-After.

    Nothing in `resources` may wait for a server that is away: the process serves at once and says at /readyz
    what is missing (see `health`).
    """
    stop = Stop()
    about = About(service=service, summary=summary, version=VERSION, links=LINKS)
    described = [*operations, *health_operations()]
    own = [Route("/metrics", metrics), *description_routes(about, described)]
    app = Starlette(
        routes=[*pages, *(operation.route() for operation in described), *own],
        middleware=_middleware(settings),
        exception_handlers={
            Problem: answer_problem,
            HTTPException: answer_http_exception,
            **dict.fromkeys(unavailable, answer_unavailable),
        },
        lifespan=lifespan_of(resources, stop),
    )
    # A redirect would turn `curl -X POST …/pay/` into an empty answer, and trusts the Host header.
    app.router.redirect_slashes = False
    app.state.stop = stop
    app.state.settings = settings
    app.state.about = about
    app.state.operations = described
    return app


def _middleware(settings: EdgeSettings) -> list[Middleware]:
    """From the outside to the inside: what is further in can rely on what is further out."""
    return [
        Middleware(BriefLifespan),
        request_id_middleware(),
        Middleware(TraceContext),
        Middleware(Measured),
        Middleware(
            Cors,
            allow_origins=sorted(settings.cors_origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "X-Request-ID"],
            expose_headers=["Retry-After", "X-Request-ID"],
        ),
        Middleware(UnexpectedErrors),
        Middleware(Admission),
        Middleware(BodyLimit),
    ]
