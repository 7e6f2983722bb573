"""Server-Sent Events read as a browser reads them."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

import httpx2 as httpx


class Event(NamedTuple):
    id: str
    kind: str
    data: str


class EventSource:
    """Reads in the background. `last` is what a browser would send as Last-Event-ID when it comes back."""

    def __init__(self, answer: httpx.Response, last: str = "") -> None:
        self.answer, self.last = answer, last
        self.seen: list[Event] = []
        self.text = b""
        self.whole = False  # the answer came to a proper end
        self.over = False

    @property
    def lines(self) -> list[str]:
        return [event.data for event in self.seen if event.kind == "message"]

    def note_end(self, reading: "asyncio.Task[None]") -> None:
        self.over = True

    async def read(self) -> None:
        rest, fields = b"", {"id": self.last}
        async for some in self.answer.aiter_bytes():
            self.text += some
            *lines, rest = (rest + some).split(b"\n")
            for line in lines:
                name, _, value = line.decode().partition(":")
                if name:
                    fields[name] = value.removeprefix(" ")  # nobody here sends data of two lines
                elif not line:
                    self.last = fields["id"]
                    if "data" in fields:
                        self.seen.append(Event(self.last, fields.get("event", "message"), fields["data"]))
                    fields = {"id": self.last}
        self.whole = True


@asynccontextmanager
async def event_source(port: int, path: str, headers: Mapping[str, str] = {}) -> AsyncIterator[EventSource]:
    """Leaving it cuts the connection."""
    async with (
        httpx.AsyncClient(timeout=20) as client,
        client.stream("GET", f"http://127.0.0.1:{port}{path}", headers=headers) as answer,
    ):
        source = EventSource(answer, headers.get("Last-Event-ID", ""))
        reading = asyncio.create_task(source.read())
        reading.add_done_callback(source.note_end)
        try:
            yield source
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError, httpx.HTTPError):
                await reading
