"""What does it cost to hand one log line to one WebSocket client?

Three servers, one after the other, each in a process of its own, with the same lines for the same clients: the shared
ring of the hub, `websockets.broadcast()`, and one `send_text` per client in Starlette. A third process reads and
discards. The figure is the CPU time of the server per delivery (line and client); it includes the server's own
producing of the lines. Run it on a quiet machine: `python -m benchmarks.hub_fanout`.
"""

import asyncio
import contextlib
import itertools
import json
import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.server import broadcast, serve

from logs_service.admission import Admission
from logs_service.forms import Line
from logs_service.hub import Hub
from logs_service.protocol import HubProtocol
from logs_service.ring import Ring

CLIENTS = 200
SECONDS = 5.0
LINE = json.dumps({"message": "guest paid 25.00 EUR", "event_id": "x" * 36}).ljust(200)
TIME = 1_795_000_000_000  # milliseconds; of every line
LOADS = ((1, 100), (1, 1000), (10, 1000), (50, 5000))  # lines a publish, lines a second

Publish = Callable[[list[str]], Awaitable[None]]
Way = Callable[[socket.socket], contextlib.AbstractAsyncContextManager[Publish]]
REQUEST = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@contextlib.asynccontextmanager
async def _uvicorn(app: Any, listening: socket.socket, **options: Any) -> AsyncIterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws_per_message_deflate=False, **options))
    serving = asyncio.create_task(server.serve([listening]))
    yield
    server.should_exit = True
    await serving


@contextlib.asynccontextmanager
async def shared_ring(listening: socket.socket) -> AsyncIterator[Publish]:
    hub = Hub(Ring(32 * 1024 * 1024), asyncio.get_running_loop())
    hub.open({})
    offsets = itertools.count()

    @contextlib.asynccontextmanager
    async def state(app: Starlette) -> AsyncIterator[dict[str, Any]]:
        yield {"hub": hub, "admission": Admission(CLIENTS)}

    async def publish(lines: list[str]) -> None:
        hub.publish([Line(0, next(offsets), TIME, line.encode()) for line in lines])

    async with _uvicorn(Starlette(lifespan=state), listening, ws=HubProtocol):
        yield publish


@contextlib.asynccontextmanager
async def websockets_broadcast(listening: socket.socket) -> AsyncIterator[Publish]:
    async def publish(lines: list[str]) -> None:
        for line in lines:
            broadcast(server.connections, line)

    async with serve(lambda client: client.wait_closed(), sock=listening, compression=None) as server:
        yield publish


@contextlib.asynccontextmanager
async def starlette_send_text(listening: socket.socket) -> AsyncIterator[Publish]:
    clients: set[WebSocket] = set()

    async def endpoint(client: WebSocket) -> None:
        await client.accept()
        clients.add(client)
        with contextlib.suppress(WebSocketDisconnect):
            await client.receive_text()

    async def publish(lines: list[str]) -> None:
        for line in lines:
            for client in clients:
                await client.send_text(line)

    async with _uvicorn(Starlette(routes=[WebSocketRoute("/", endpoint)]), listening):
        yield publish


WAYS: dict[str, Way] = {way.__name__: way for way in (shared_ring, websockets_broadcast, starlette_send_text)}


async def measure(way: Way, batch: int, rate: int) -> None:
    """The server's process: prints the CPU seconds and the deliveries."""
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        async with way(listening) as publish:
            print(listening.getsockname()[1], flush=True)
            await loop.run_in_executor(None, sys.stdin.readline)  # all clients are here
            sent, began, cpu = 0, loop.time(), time.process_time()
            while (now := loop.time() - began) < SECONDS:
                await publish([LINE] * batch)
                sent += batch
                await asyncio.sleep(max(0.0, sent / rate - now))
            print(json.dumps([time.process_time() - cpu, sent * CLIENTS, loop.time() - began]), flush=True)
            os._exit(0)


def read_and_discard(port: int) -> None:
    """The clients' process: says when all are there, then reads until the server is gone."""
    selector = selectors.DefaultSelector()
    for _ in range(CLIENTS):
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(REQUEST)
        assert b" 101 " in client.recv(1000)
        selector.register(client, selectors.EVENT_READ)
    print("here", flush=True)
    while selector.get_map():
        for key, _ in selector.select():
            with contextlib.suppress(ConnectionResetError):
                if isinstance(key.fileobj, socket.socket) and not key.fileobj.recv(1 << 18):
                    selector.unregister(key.fileobj)


def run(way: str, batch: int, rate: int) -> str:
    command = [sys.executable, "-m", "benchmarks.hub_fanout"]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(
            subprocess.Popen([*command, "serve", way, str(batch), str(rate)], **pipes)
        )
        port = server.stdout.readline().strip()
        readers = stack.enter_context(subprocess.Popen([*command, "read", port], **pipes))
        readers.stdout.readline()
        server.stdin.write("\n")
        server.stdin.flush()
        cpu, deliveries, seconds = json.loads(server.stdout.readline())
        readers.kill()
    return f"{cpu / deliveries * 1e6:.2f} µs, {cpu / seconds:4.0%} of a core, {deliveries / CLIENTS / seconds:.0f}/s"


def main() -> None:
    print(f"{CLIENTS} clients, {len(LINE)} bytes a line, {SECONDS:g} s each, {os.cpu_count()} cores")
    for batch, rate in LOADS:
        for way in WAYS:
            print(f"{batch:3} lines at once, {rate:5} a second, {way:22} {run(way, batch, rate)}", flush=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", way, batch, rate]:
            asyncio.run(measure(WAYS[way], int(batch), int(rate)))
        case ["read", port]:
            read_and_discard(int(port))
        case _:
            main()
