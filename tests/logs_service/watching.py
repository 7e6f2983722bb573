"""A client of `?meta=1` that keeps what it saw, and can be cut and come back."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

Message = dict[str, Any]


async def receive(client: ClientConnection, count: int, seconds: float = 20) -> list[Message]:
    async with asyncio.timeout(seconds):
        return [json.loads(await client.recv()) for _ in range(count)]


def lines(messages: Sequence[Message]) -> list[str]:
    return [message["line"] for message in messages]


@asynccontextmanager
async def watching(port: int, query: str, **options: Any) -> AsyncIterator[ClientConnection]:
    async with connect(f"ws://127.0.0.1:{port}/?{query}", **options) as client:
        yield client
