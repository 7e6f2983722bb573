"""In front of every route: only names of this machine, and an end in time. `Operation(…, middleware=FOR_DATA)`."""

import asyncio

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from event_bus.errors import Unavailable
from http_edge import KnownNames

REQUEST_SECONDS = 5.0  # a person waits; a search stops by itself before


class Gate:
    """ASGI middleware: no page of elsewhere may read what is on Kafka."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        known: KnownNames = scope["state"]["known_names"]
        headers = Headers(scope=scope)
        known.check(headers.getlist("host"), headers.getlist("origin"))
        await self.app(scope, receive, send)


class InTime:
    """ASGI middleware: who gets no answer from Kafka is told so."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                await self.app(scope, receive, send)
        except TimeoutError:
            raise Unavailable(f"no answer within {REQUEST_SECONDS:g} s") from None


FOR_PAGES = [Middleware(Gate)]
FOR_STREAMS = [Middleware(Gate)]
FOR_DATA = [Middleware(Gate), Middleware(InTime)]
