"""Starlette under uvicorn, one `send_text` for each client: `python -m benchmarks.hub.send_text_server`."""

import asyncio
import contextlib
import socket

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from benchmarks.hub.feeding import Feeder

clients: set[WebSocket] = set()


async def endpoint(client: WebSocket) -> None:
    await client.accept()
    clients.add(client)
    with contextlib.suppress(WebSocketDisconnect):
        await client.receive_text()
    clients.discard(client)


async def publish(lines: list[bytes]) -> None:
    """`send_text` itself waits for a client that is full."""
    for line in lines:
        text = line.decode()
        for client in tuple(clients):
            await client.send_text(text)


async def main() -> None:
    app = Starlette(routes=[WebSocketRoute("/", endpoint)])
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listening:
        config = uvicorn.Config(app, log_config=None, ws_per_message_deflate=False, ws_ping_interval=None)
        serving = asyncio.create_task(uvicorn.Server(config).serve([listening]))
        await Feeder(publish, lambda: True).serve(listening.getsockname()[1])
        await serving


if __name__ == "__main__":
    uvloop.run(main())
