"""What clients of the hub see: readers that come back after every cut and go on after the last line they had."""

import asyncio
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

PAUSE = 0.1  # seconds before the next attempt to connect


@dataclass(frozen=True, slots=True)
class Seen:
    """A line as it came; `time` is when."""

    time: float
    line: dict[str, Any]

    @property
    def event_id(self) -> str:
        return str(self.line["event_id"])

    @property
    def correlation(self) -> str:
        return str(self.line["correlation_id"])


class Watcher:
    """One reader, from the first line on."""

    def __init__(self, name: str, url: str, folder: Path) -> None:
        self.name, self._url = name, url
        self.seen: list[Seen] = []
        self.correlations: set[str] = set()
        self.notices: list[str] = []
        self.cuts = 0
        self._token: str | None = None
        self._file = (folder / f"{name}.jsonl").open("w", buffering=1)
        self.task = asyncio.create_task(self._watch())

    async def close(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        self._file.close()

    async def _watch(self) -> None:
        while True:
            try:
                await self._follow()
            except (OSError, WebSocketException):
                self.cuts += 1
                await asyncio.sleep(PAUSE)

    async def _follow(self) -> None:
        place = {"after": self._token} if self._token else {"from": "earliest"}
        async with connect(f"{self._url}?{urlencode({'meta': '1', **place})}") as hub:
            async for frame in hub:
                self._take(json.loads(frame))

    def _take(self, message: dict[str, Any]) -> None:
        self._token = message["token"]
        self._file.write(json.dumps({"received": time.time()} | message) + "\n")
        if "notice" in message:
            self.notices.append(str(message["notice"]))
            return
        seen = Seen(time.time(), json.loads(message["line"]))
        self.seen.append(seen)
        self.correlations.add(seen.correlation)
