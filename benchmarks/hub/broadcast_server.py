"""`websockets.broadcast()`: `python -m benchmarks.hub.broadcast_server`."""

import uvloop
from websockets.asyncio.server import broadcast, serve

from benchmarks.hub.feeding import Feeder


async def main() -> None:
    async with serve(
        lambda client: client.wait_closed(),
        "127.0.0.1",
        0,
        compression=None,
        ping_interval=None,
        backlog=2048,
    ) as server:

        async def publish(lines: list[bytes]) -> None:
            for line in lines:
                broadcast(server.connections, line.decode())

        def taken() -> bool:
            return not any(client.transport.get_write_buffer_size() for client in server.connections)

        (listening,) = server.sockets
        await Feeder(publish, taken).serve(listening.getsockname()[1])


if __name__ == "__main__":
    uvloop.run(main())
