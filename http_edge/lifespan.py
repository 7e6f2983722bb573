"""Opening and closing what a service needs, so that neither can hang for ever and a failure is said once."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from http_edge.errors import Fatal
from http_edge.stopping import Stop

# Of the 15 s between SIGTERM and the end: 5 s for requests in work, this for the resources, the rest spare.
CLOSING_DEADLINE = 8.0

log = structlog.stdlib.get_logger("http_edge")

Context = AbstractAsyncContextManager[Mapping[str, Any]]


def lifespan_of(resources: Callable[[Stop], Context], stop: Stop) -> Callable[[Starlette], Context]:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[Mapping[str, Any]]:
        try:
            async with closed_in_time(resources(stop)) as state:
                yield state
        except Fatal as error:
            stop(error.exit_code, error.reason)
            raise
        except Exception:
            log.exception("the resources of the service failed")
            stop(1, "the resources of the service failed")
            raise

    return lifespan


@asynccontextmanager
async def closed_in_time(context: Context) -> AsyncIterator[Mapping[str, Any]]:
    state = await context.__aenter__()
    try:
        yield state
    finally:
        try:
            async with asyncio.timeout(CLOSING_DEADLINE):
                await context.__aexit__(*sys.exc_info())
        except TimeoutError:
            log.error("closing took too long and was cut off", seconds=CLOSING_DEADLINE)


class BriefLifespan:
    """ASGI middleware: Starlette reports a failure with its whole traceback; `lifespan_of` has said it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self.app(scope, receive, send)
            return

        async def brief(message: Message) -> None:
            await send({"type": message["type"]})

        await self.app(scope, receive, brief)
