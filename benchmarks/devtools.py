"""A Chromium that is asked little: its DevTools protocol without what a driver of tests listens to.

Such a driver is told of every message of a WebSocket, which costs the browser more than to show it.
"""

import asyncio
import itertools
import json
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from dev import chromium

FLAGS = ["--headless=new", "--no-sandbox", "--no-first-run", "--remote-debugging-port=0"]
STARTS_WITHIN = 20.0  # seconds
TRACE_KB = 400_000  # ten minutes of frames

Event = dict[str, Any]


class DevTools:
    """The connection to a browser, and the page that it shows."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._traced: list[Event] = []
        self._complete = asyncio.Event()
        self._session: dict[str, str] = {}  # empty until there is a page: then the browser itself is meant

    async def listen(self) -> None:
        async for text in self._connection:
            message = json.loads(text)
            if (number := message.get("id")) is not None:
                self._answers.pop(number).set_result(message)
            elif message["method"] == "Tracing.dataCollected":
                self._traced += message["params"]["value"]
            elif message["method"] == "Tracing.tracingComplete":
                self._complete.set()

    async def ask(self, method: str, of_page: bool = True, **params: Any) -> Any:
        """Raises RuntimeError with what the browser says."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        whom = self._session if of_page else {}
        await self._connection.send(json.dumps({"id": number, "method": method, "params": params} | whom))
        message = await answer
        if "error" in message:
            raise RuntimeError(f"{method}: {message['error']['message']}")
        return message["result"]

    async def open(self, url: str, width: int, height: int) -> None:
        size = {"width": width, "height": height, "newWindow": True}
        target = await self.ask("Target.createTarget", url="about:blank", **size)
        session = await self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = {"sessionId": session["sessionId"]}
        await self.ask("Page.navigate", url=url)

    async def evaluate(self, expression: str) -> Any:
        answer = await self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    async def start_trace(self, categories: Sequence[str]) -> None:
        """Of these alone: what a browser notes by itself would take a core and a gigabyte."""
        config = {
            "includedCategories": list(categories),
            "excludedCategories": ["*"],
            "traceBufferSizeInKb": TRACE_KB,
        }
        await self.ask("Tracing.start", of_page=False, traceConfig=config, transferMode="ReportEvents")

    async def end_trace(self) -> list[Event]:
        await self.ask("Tracing.end", of_page=False)
        await self._complete.wait()
        return self._traced


@asynccontextmanager
async def devtools() -> AsyncIterator[DevTools]:
    """A browser of its own, without a window."""
    program = chromium.program()
    assert program is not None, "there is no Chromium"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        quiet = asyncio.subprocess.DEVNULL
        arguments = [*FLAGS, f"--user-data-dir={folder}", "about:blank"]
        process = await asyncio.create_subprocess_exec(program, *arguments, stdout=quiet, stderr=quiet)
        try:
            address = await asyncio.to_thread(_address, Path(folder) / "DevToolsActivePort")
            async with connect(address, max_size=None) as connection:
                tools = DevTools(connection)
                listening = asyncio.create_task(tools.listen())
                yield tools
                listening.cancel()
        finally:
            process.terminate()
            await process.wait()


def _address(told: Path) -> str:
    """The browser writes its port and the path of its socket into this file."""
    end = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < end:
        lines = told.read_text().split() if told.exists() else []
        if len(lines) == 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        time.sleep(0.1)  # until the browser has started
    raise TimeoutError("the browser does not start")
