"""The hub without Kafka, behind uvicorn as in the service: `python -m benchmarks.hub.ring_server`."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import uvicorn
import uvloop
from starlette.applications import Starlette

from benchmarks.hub.feeding import Feeder
from http_edge.sockets import listen
from logs_service.admission import Admission
from logs_service.hub import Hub
from logs_service.lines import Line
from logs_service.protocol import HubProtocol
from logs_service.ring import Ring
from logs_service.seats import Seats
from logs_service.streams import Stream

RING_BYTES = 32 * 1024 * 1024  # as the service's setting
MOST_CLIENTS = 10_000
TIME = 1_795_000_000_000  # milliseconds; of every record


class MemoryHub:
    """The only place here that puts the parts of a hub together."""

    def __init__(self) -> None:
        self.hub = Hub(Ring(RING_BYTES), asyncio.get_running_loop())
        self.hub.behind = lambda client: None  # who is behind the ring stays there: there is no Kafka
        self.hub.open({})
        self._offsets = count()

    def publish(self, lines: Iterable[bytes]) -> None:
        self.hub.publish([Line(0, next(self._offsets), TIME, text) for text in lines])

    def taken(self) -> bool:
        return len(self.hub.hot) == len(self.hub.clients)

    def tell(self) -> dict[str, float]:
        return {"flushes": self.hub.flushes, "bytes": self.hub.written_bytes, "ring": self.hub.ring.bytes}

    @asynccontextmanager
    async def served(self, listening: socket.socket) -> AsyncIterator[None]:
        @asynccontextmanager
        async def state(app: Starlette) -> AsyncIterator[dict[str, Any]]:
            find = {"logs": Stream("logs", self.hub)}.get
            yield {"find_stream": find, "admission": Admission(Seats(MOST_CLIENTS))}

        options: dict[str, Any] = {"log_config": None, "ws": HubProtocol, "backlog": 2048}
        server = uvicorn.Server(uvicorn.Config(Starlette(lifespan=state), **options))
        serving = asyncio.create_task(server.serve([listening]))
        yield
        server.should_exit = True
        await serving


async def main() -> None:
    memory = MemoryHub()

    async def publish(lines: list[bytes]) -> None:
        memory.publish(lines)

    (listening,) = listen("127.0.0.1", 0)
    async with memory.served(listening):
        await Feeder(publish, memory.taken, memory.tell).serve(listening.getsockname()[1])


if __name__ == "__main__":
    uvloop.run(main())
