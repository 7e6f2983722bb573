"""A client as restless as the network: cut again and again, it must have seen every line once in the end."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException


class Wanderer:
    """Goes from one port to another, is cut at any moment, and always goes on with the last token that it has.

    `only` is a filter, as in the query.
    """

    def __init__(self, ports: Sequence[int], seed: int, only: str = "") -> None:
        self._ports, self._random, self._only = ports, random.Random(seed), only
        self._token = ""
        self.cuts = 0
        self.restless = True
        self.seen: dict[int, list[str]] = {}

    async def run(self) -> None:
        while True:
            begin = f"after={self._token}" if self._token else "from=earliest"
            url = f"ws://127.0.0.1:{self._random.choice(self._ports)}/?meta=1&{begin}{self._only}"
            try:
                # Its own limit: the client library, aborted, has been seen to wait for its peer for ever.
                async with asyncio.timeout(15), connect(url, open_timeout=5) as client:
                    await self._watch_for_a_while(client)
                    client.transport.abort()
            except (OSError, WebSocketException, TimeoutError, EOFError):
                await asyncio.sleep(0.02)
            self.cuts += 1

    async def _watch_for_a_while(self, client: ClientConnection) -> None:
        patience = self._random.choice([0.05, 0.2, 3.0]) if self.restless else 3.0
        for _ in range(self._random.choice([1, 2, 10, 50, 1000]) if self.restless else 1000):
            try:
                message = json.loads(await asyncio.wait_for(client.recv(), patience))
            except TimeoutError:
                return
            self._token = message["token"]
            if "line" in message:
                self.seen.setdefault(message["partition"], []).append(message["line"])


@asynccontextmanager
async def wandering(wanderers: Sequence[Wanderer]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(wanderer.run()) for wanderer in wanderers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def all_seen(wanderers: Sequence[Wanderer], lines: Mapping[int, Sequence[str]]) -> None:
    """Wait until each has these lines, by partition, and assert that nobody ever has another one, or one twice."""
    for wanderer in wanderers:
        wanderer.restless = False  # where much is to be replayed, who never stays gets nowhere
    async with asyncio.timeout(60):
        while any(wanderer.seen != lines for wanderer in wanderers):
            for wanderer in wanderers:
                for number, seen in wanderer.seen.items():
                    assert seen == lines[number][: len(seen)]
            await asyncio.sleep(0.1)  # they go on meanwhile
