"""picows, a WebSocket server in Cython: `python -m benchmarks.hub.picows_server`, in .tools/hub_baselines."""

import asyncio

from picows import WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from benchmarks.hub.feeding import Feeder

clients: set[WSTransport] = set()


class Listener(WSListener):  # type: ignore[misc]  # not installed where types are checked
    def on_ws_connected(self, transport: WSTransport) -> None:
        clients.add(transport)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        clients.discard(transport)


def listener(request: WSUpgradeRequest) -> WSListener:
    return Listener()


async def publish(lines: list[bytes]) -> None:
    for line in lines:
        for client in clients:
            client.send(WSMsgType.TEXT, line)


def taken() -> bool:
    return not any(client.underlying_transport.get_write_buffer_size() for client in clients)


async def main() -> None:
    server = await ws_create_server(listener, "127.0.0.1", 0, backlog=2048)
    await Feeder(publish, taken).serve(server.sockets[0].getsockname()[1])


if __name__ == "__main__":
    asyncio.run(main())
