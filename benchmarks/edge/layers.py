"""One server on a free port, which it prints: `python -m benchmarks.edge.layers uvicorn|starlette|edge`.

Each has one layer more than the one before, the same loop, parser and garbage collector, and no access log.
"""

import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from contracts import Envelope, Event
from http_edge import KeyRing, Stop, TokenChecker, edge, server
from payments_service.app import build
from payments_service.repository import Payment
from payments_service.settings import Settings

ANSWER = {
    "payment_id": "0b2e3d4c-5e6f-4a0b-8c7d-112233445566",
    "status": "accepted",
    "amount": "25.00",
    "currency": "EUR",
    "event_ids": ["c4d90b2e-5e6f-4a0b-8c7d-112233445566", "e2f10b2e-5e6f-4a0b-8c7d-112233445566"],
}


def bare_uvicorn() -> Callable[..., Any]:
    """An ASGI app that reads the body and answers the same bytes each time."""
    body = JSONResponse(ANSWER).body
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            while (await receive()).get("more_body"):
                pass
            await send({"type": "http.response.start", "status": 201, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    return app


def bare_starlette() -> Starlette:
    """One JSON route."""

    async def pay(request: Request) -> JSONResponse:
        await request.body()
        return JSONResponse(ANSWER, 201)

    return Starlette(routes=[Route("/pay", pay, methods=["POST"])])


class NoDatabase:
    """In place of `Payments`: everything is stored at once, and nothing is kept."""

    async def add(self, payment: Payment, events: Sequence[Envelope[Event]]) -> Payment:
        return payment


@asynccontextmanager
async def no_database(stop: Stop) -> AsyncIterator[Mapping[str, Any]]:
    async def catch_up() -> bool:
        return True

    tokens = TokenChecker(KeyRing(), catch_up, issuer="users_service", audience="shop")
    yield {"payments": NoDatabase(), "tokens": tokens}


def whole_edge() -> Starlette:
    """`POST /pay` as it is, down to its repository."""
    settings = Settings(port=0)
    operations = [one for one in build(settings).state.operations if one.path == "/pay"]
    return edge("payments_service", "Pays.", settings, operations=operations, resources=no_database)


async def serve(name: str) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    if name == "edge":
        config = server._config(whole_edge(), {})
    else:
        app = {"uvicorn": bare_uvicorn, "starlette": bare_starlette}[name]()
        config = uvicorn.Config(app, access_log=False, log_config=None, ws="none", proxy_headers=False)
    server.collect_garbage_rarely()
    print(listening.getsockname()[1], flush=True)
    await uvicorn.Server(config)._serve([listening])


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1]))
