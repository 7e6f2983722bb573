"""The clients of a server, all in one process: `python -m benchmarks.hub.watching PORT`.

It does as little as it can, so that the server is what is measured: most clients have their bytes thrown away by the
kernel and counted; some are *samples*, which look at each line: how late, and whether it is the next one.
"""

import json
import selectors
import socket
import sys
import time
from collections.abc import Iterable
from hashlib import blake2b

from benchmarks.hub.lines import due, number, texts

BYTES = 1 << 20  # taken at once
BUFFER = bytearray(BYTES)
THROW_AWAY = socket.MSG_TRUNC if sys.platform == "linux" else 0
DEAF_RECEIVE_BUFFER = 64 * 1024  # what is under way to a client that does not read
REQUEST = (
    b"GET /%s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def handshake(port: int, query: str = "", receive_buffer: int = 0) -> socket.socket:
    """The connection; the next byte to read is the first one of a frame."""
    client = socket.socket()
    if receive_buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.settimeout(30)
    client.connect(("127.0.0.1", port))
    client.sendall(REQUEST % query.encode())
    while b"\r\n\r\n" not in (head := client.recv(4096, socket.MSG_PEEK)):
        assert head, "the server hung up"
    assert b" 101 " in head, head
    client.recv(head.index(b"\r\n\r\n") + 4)
    client.setblocking(False)
    return client


class Counting:
    def __init__(self, client: socket.socket) -> None:
        self.socket = client
        self.bytes = 0

    def read(self) -> bool:
        """False at the end of the stream."""
        taken = self.socket.recv_into(BUFFER, BYTES, THROW_AWAY)
        self.bytes += taken
        return taken > 0


class Sample(Counting):
    def __init__(self, client: socket.socket) -> None:
        super().__init__(client)
        self.late: list[int] = []
        self.gaps = 0
        self._next = -1
        self._rest = b""

    def read(self) -> bool:
        data = self.socket.recv(BYTES)
        now = time.monotonic_ns()
        self.bytes += len(data)
        self._rest += data
        end = 0
        for text, end in texts(self._rest):  # noqa: B007  # the last one counts
            self._look_at(text, now)
        self._rest = self._rest[end:]
        return bool(data)

    def _look_at(self, text: bytes, now: int) -> None:
        self.late.append(now - due(text))
        this = number(text)
        self.gaps += self._next not in (-1, this)
        self._next = this + 1


class Sums(Counting):
    """Sums up what it gets: whether it is what it should be is found out afterwards."""

    def __init__(self, client: socket.socket) -> None:
        super().__init__(client)
        self.lines = 0
        self.sum = blake2b()
        self._rest = b""

    def read(self) -> bool:
        data = self.socket.recv(BYTES)
        self._rest += data
        end = 0
        for text, end in texts(self._rest):  # noqa: B007  # the last one counts
            self.lines += 1
            self.sum.update(text)
        self._rest = self._rest[end:]
        return bool(data)


class Crowd:
    def __init__(self, port: int) -> None:
        self._port = port
        self._selector = selectors.DefaultSelector()
        self._clients: list[Counting] = []
        self._deaf: list[socket.socket] = []
        self._lost = 0

    def run(self) -> None:
        """Until stdin ends: each line is the name of a method and its arguments; its answer is one line, too."""
        self._selector.register(sys.stdin, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                if key.data is not None:
                    self._read(key.data)
                elif not (order := sys.stdin.readline()):
                    return
                else:
                    name, *arguments = json.loads(order)
                    print(json.dumps(getattr(self, name)(*arguments)), flush=True)

    def _read(self, client: Counting) -> None:
        try:
            if client.read():
                return
        except BlockingIOError:
            return
        except ConnectionError:
            pass
        self._lost += 1
        self._selector.unregister(client.socket)

    def join(self, count: int, samples: int = 0, query: str = "") -> None:
        for nth in range(count):
            is_sample = nth * samples // count != (nth + 1) * samples // count
            self._join(Sample if is_sample else Counting, query)

    def join_summing(self, queries: Iterable[str]) -> None:
        for query in queries:
            self._join(Sums, query)

    def _join(self, kind: type[Counting], query: str) -> None:
        client = kind(handshake(self._port, query))
        self._clients.append(client)
        self._selector.register(client.socket, selectors.EVENT_READ, client)

    def join_deaf(self, count: int) -> None:
        """They never read."""
        self._deaf += [handshake(self._port, receive_buffer=DEAF_RECEIVE_BUFFER) for _ in range(count)]

    def forget(self) -> None:
        for client in self._clients:
            client.bytes = 0
            if isinstance(client, Sample):
                client.late.clear()

    def sums(self) -> list[tuple[int, str]]:
        """For each that sums up, in the order in which they joined: how many lines, and their sum."""
        return [(each.lines, each.sum.hexdigest()) for each in self._clients if isinstance(each, Sums)]

    def report(self) -> dict[str, float]:
        """Bytes of all and of who has least; nanoseconds that the lines of the samples were late."""
        samples = [client for client in self._clients if isinstance(client, Sample)]
        late = sorted(one for client in samples for one in client.late)
        shares = {"p50": 0.5, "p99": 0.99, "p999": 0.999}
        return {
            "bytes": sum(client.bytes for client in self._clients),
            "least": min((client.bytes for client in self._clients), default=0),
            "lines": len(late),
            "gaps": sum(client.gaps for client in samples),
            "lost": self._lost,
            **{name: late[int(len(late) * share)] if late else 0 for name, share in shares.items()},
        }


if __name__ == "__main__":
    Crowd(int(sys.argv[1])).run()
