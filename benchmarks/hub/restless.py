"""Clients that are cut and come back with their last token: `python -m benchmarks.hub.restless PORT`.

Each looks at the number of every line: which one is missing, which one came twice.
"""

import asyncio
import json
import re
import sys
import time
from itertools import cycle
from typing import cast

import uvloop

from benchmarks.hub.lines import texts
from benchmarks.hub.watching import REQUEST

AGAIN = 0.2  # seconds until it tries again after it was refused
_NUMBER = re.compile(rb'number\\":\\"(\d{10})')
_TOKEN = re.compile(rb'"token":"([^"]*)"')


class Restless(asyncio.Protocol):
    """One client over all of its connections; at first it asks for everything."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._token = b""
        self.next = self.missing = self.doubled = self.cuts = self.notices = 0
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._open = False

    async def stay(self) -> None:
        """Try to be connected, from now on."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                await loop.create_connection(lambda: self, "127.0.0.1", self._port)
                return
            except OSError:
                await asyncio.sleep(AGAIN)

    def cut(self) -> None:
        """Whatever is under way is lost."""
        if self._transport is not None:
            self.cuts += 1
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._rest, self._open = cast(asyncio.Transport, transport), b"", False
        start = b"after=" + self._token if self._token else b"from=earliest"
        self._transport.write(REQUEST % (b"?meta=1&" + start))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        asyncio.get_running_loop().call_later(0.0 if self._open else AGAIN, self._come_back)

    def _come_back(self) -> None:
        self._coming = asyncio.ensure_future(self.stay())

    def data_received(self, data: bytes) -> None:
        if self._transport is None:  # it was cut
            return
        self._rest += data
        if not self._open:
            head, found, self._rest = self._rest.partition(b"\r\n\r\n")
            if not found:
                self._rest = head
                return
            assert b" 101 " in head, head
            self._open = True
        messages = list(texts(self._rest))
        if messages:
            last, end = messages[-1]
            self._look_at(self._rest[:end])
            self._rest = self._rest[end:]
            if token := _TOKEN.search(last):
                self._token = token[1]

    def _look_at(self, frames: bytes) -> None:
        numbers = list(map(int, _NUMBER.findall(frames)))
        if numbers and numbers != list(range(self.next, self.next + len(numbers))):
            for number in numbers:
                self.missing += max(0, number - self.next)
                self.doubled += number < self.next
                self.next = max(self.next, number + 1)
        elif numbers:
            self.next += len(numbers)
        self.notices += frames.count(b'"notice"')


async def cut_each(clients: list[Restless], seconds: float) -> None:
    """Every client once in so many seconds, one after the other."""
    due = time.monotonic()
    for client in cycle(clients):
        due += seconds / len(clients)
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        client.cut()


async def main(port: int) -> None:
    """`connect COUNT`, `cut SECONDS`, `rest`, `report LINES` (of which each client should have all)."""
    loop = asyncio.get_running_loop()
    clients: list[Restless] = []
    cutting: asyncio.Task[None] | None = None
    while order := await loop.run_in_executor(None, sys.stdin.readline):
        name, value = json.loads(order)
        match name:
            case "connect":
                clients += [Restless(port) for _ in range(int(value))]
                await asyncio.gather(*(client.stay() for client in clients))
            case "cut":
                cutting = asyncio.create_task(cut_each(clients, value))
            case "rest" if cutting:
                cutting.cancel()
        print(json.dumps(report(clients, int(value))), flush=True)


def report(clients: list[Restless], lines: int) -> dict[str, int]:
    names = ("missing", "doubled", "cuts", "notices")
    found = {name: sum(getattr(client, name) for client in clients) for name in names}
    return {**found, "to come": sum(max(0, lines - client.next) for client in clients)}


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
