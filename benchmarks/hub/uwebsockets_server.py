"""uWebSockets, a server in C++, by its Python package: `python -m benchmarks.hub.uwebsockets_server`, in
.tools/hub_baselines.

The package's own loop asks again and again whether there is something to do, which would be counted as its cost.
Here the C++ loop takes its turn after each publish and every hundredth of a second.
"""

import asyncio
import socket
from typing import Any

from socketify import App, OpCode

from benchmarks.hub.feeding import Feeder

IDLE_TURN = 0.01  # seconds: for who connects or leaves
BACKPRESSURE = 64 * 1024 * 1024  # by default it drops what is above 64 KiB
clients: set[Any] = set()


def opened(client: Any) -> None:
    client.subscribe("lines")
    clients.add(client)


async def main() -> None:
    app = App()
    turn = app.loop.uv_loop.run_nowait
    behaviour = {"compression": 0, "max_backpressure": BACKPRESSURE, "idle_timeout": 0}
    app.ws("/*", {**behaviour, "open": opened, "close": lambda *_: clients.clear()})
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    app.listen({"host": "127.0.0.1", "port": port}, lambda config: None)

    async def take_turns() -> None:
        while True:
            turn()
            await asyncio.sleep(IDLE_TURN)

    async def publish(lines: list[bytes]) -> None:
        for line in lines:
            app.publish("lines", line, OpCode.TEXT)
        turn()

    def taken() -> bool:
        turn()
        return not any(client.get_buffered_amount() for client in clients)

    turns = asyncio.create_task(take_turns())
    await Feeder(publish, taken).serve(port)
    await turns


if __name__ == "__main__":
    asyncio.run(main())
