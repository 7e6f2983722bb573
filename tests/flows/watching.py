"""A plain WebSocket client that keeps the lines which it saw."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

Line = dict[str, Any]
QUIET = 0.5  # seconds without a further line: long against the milliseconds that one takes


class Watcher:
    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self.lines: list[Line] = []

    async def until(self, enough: Callable[[list[Line]], bool], seconds: float = 20) -> list[Line]:
        """Reads until there is enough, then on until nothing more comes: a repetition would be seen."""
        async with asyncio.timeout(seconds):
            while not enough(self.lines):
                self.lines.append(json.loads(await self._connection.recv()))
        return await self.rest()

    async def count(self, number: int, seconds: float = 20) -> list[Line]:
        return await self.until(lambda lines: len(lines) >= number, seconds)

    async def of(self, correlation: str, number: int) -> list[Line]:
        """The lines of one story, however many others pass meanwhile."""
        found = await self.until(lambda lines: len(_of(lines, correlation)) >= number)
        return _of(found, correlation)

    async def rest(self) -> list[Line]:
        try:
            while True:
                async with asyncio.timeout(QUIET):
                    self.lines.append(json.loads(await self._connection.recv()))
        except TimeoutError:
            return self.lines


@asynccontextmanager
async def watching(url: str) -> AsyncIterator[Watcher]:
    async with connect(url) as connection:
        yield Watcher(connection)


def _of(lines: list[Line], correlation: str) -> list[Line]:
    return [line for line in lines if line["correlation_id"] == correlation]


def events(lines: list[Line]) -> list[str]:
    return [line["event"] for line in lines]
