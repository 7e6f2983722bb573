"""What every service tells about itself: what it is, that it lives, and what it still waits for.

A resource that can be away puts a check into the lifespan state: `{"readiness": {"kafka": why_not, …}}`.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import TypedDict

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from http_edge.errors import ServiceUnavailable
from http_edge.operations import Operation

# None: ready. Else the reason, in words that may be shown. Asked at each call of /readyz.
Check = Callable[[], str | Awaitable[str | None] | None]

CHECK_DEADLINE = 2.0  # seconds; whoever polls /readyz each second or two must not pile up

LINKS = {
    "health": "/healthz",
    "readiness": "/readyz",
    "metrics": "/metrics",
    "openapi": "/openapi.json",
    "docs": "/docs",
}


class Healthy(BaseModel):
    """The process serves."""

    healthy: bool = True


class Ready(BaseModel):
    """Nothing is missing."""

    ready: bool = True


class Missing(TypedDict):
    name: str
    reason: str


class About(BaseModel):
    service: str
    summary: str
    version: str
    links: dict[str, str]


def health_operations() -> list[Operation]:
    return [
        Operation("GET", "/", about, summary="What this service is, and where to look", answers={200: About}),
        Operation("GET", "/healthz", healthz, summary="Does the process serve?", answers={200: Healthy}),
        Operation(
            "GET",
            "/readyz",
            readyz,
            "Is everything there that it needs?",
            answers={200: Ready},
            problems=[503],
        ),
    ]


async def about(request: Request) -> Response:
    """The JSON of `GET /`; a service with a page there answers with this whoever wants no HTML."""
    return JSONResponse(request.app.state.about.model_dump())


async def healthz(request: Request) -> Healthy:
    return Healthy()


async def readyz(request: Request) -> Ready:
    checks: Mapping[str, Check] = getattr(request.state, "readiness", {})
    answers = await asyncio.gather(*(_reason(check) for check in checks.values()))
    missing: list[Missing] = [
        {"name": name, "reason": reason}
        for name, reason in zip(checks, answers, strict=True)
        if reason is not None
    ]
    if request.app.state.stop.asked:
        missing.append({"name": "process", "reason": "it is stopping"})
    if missing:
        raise ServiceUnavailable(_sentence(missing), ready=False, missing=missing)
    return Ready()


async def _reason(check: Check) -> str | None:
    """A check that fails or hangs is itself the reason; its message may hold a secret and is not shown."""
    try:
        async with asyncio.timeout(CHECK_DEADLINE):
            answer = check()
            return await answer if inspect.isawaitable(answer) else answer
    except TimeoutError:
        return f"no answer within {CHECK_DEADLINE:g} s"
    except Exception as error:
        return type(error).__name__


def _sentence(missing: list[Missing]) -> str:
    return "Not ready: " + "; ".join(f"{item['name']} ({item['reason']})" for item in missing)
