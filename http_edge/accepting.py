"""Takes new connections, many at once. The event loop itself takes one of a port each time round: while many clients
keep it busy, a newcomer waits for as many rounds as there are others before him, half a minute for some hundreds.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Sequence

# Then those who are in get their turn: few newcomers in a loop that comes round quickly, many where a crowd makes
# each round long. Up to 256 at once, of a thousand a second, made the hub's other clients wait three times as long.
LEAST, MOST = 8, 256
PACE = 2_000  # of each second that passed
PAUSE_SECONDS = 0.5  # where there is no file left for a newcomer: he would be announced again and again


class Doors:
    """`protocol` makes what serves one connection."""

    def __init__(self, sockets: Sequence[socket.socket], protocol: Callable[[], asyncio.Protocol]) -> None:
        self._sockets, self._protocol = sockets, protocol
        self._loop = asyncio.get_running_loop()
        self._entering: set[asyncio.Task[None]] = set()
        self._closed = False
        self._taken = 0.0  # when some were last taken

    def open(self) -> None:
        for listening in self._sockets:
            listening.setblocking(False)
            self._watch(listening)

    def close(self) -> None:
        self._closed = True
        for listening in self._sockets:
            self._loop.remove_reader(listening)

    def _watch(self, listening: socket.socket) -> None:
        if not self._closed:
            self._loop.add_reader(listening, self._take, listening)

    def _room(self) -> int:
        passed, self._taken = self._loop.time() - self._taken, self._loop.time()
        return int(min(MOST, max(LEAST, passed * PACE)))

    def _take(self, listening: socket.socket) -> None:
        try:
            for _ in range(self._room()):
                connection, _ = listening.accept()
                entering = asyncio.ensure_future(self._enter(connection))
                self._entering.add(entering)
                entering.add_done_callback(self._entering.discard)
        except (BlockingIOError, ConnectionAbortedError):
            pass  # nobody waits any more; or he has gone, and the next one is announced again
        except OSError:
            self._loop.remove_reader(listening)
            self._loop.call_later(PAUSE_SECONDS, self._watch, listening)

    async def _enter(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):  # gone meanwhile
            await self._loop.connect_accepted_socket(self._protocol, connection)
