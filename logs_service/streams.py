"""The topics that somebody looks at. That of the log lines is always open; any other one has a reader and a ring from
when the first client asks for it until a minute after the last one has gone.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import AsyncExitStack
from typing import NamedTuple

from contracts import LogLine, ServiceMeasured
from event_bus import Reader, run_in_background
from http_edge import Stop
from logs_service.feed import Feed
from logs_service.forms import RAW, Encoding, Envelope, Events, Form, JsonLines, MetaFrames
from logs_service.hub import Hub
from logs_service.keepalive import keep_alive
from logs_service.replays import Replays
from logs_service.ring import Ring
from logs_service.seen import Seen
from logs_service.settings import Settings
from logs_service.wishes import Wish

IDLE_SECONDS = 60.0
CATCH_UP_SECONDS = 5.0  # milliseconds, but when the hub starts, and while Kafka is away


class Size(NamedTuple):
    ring_bytes: int
    remembered_ids: int


# Of every topic but that of the log lines: some 8,000 records with their headers, and more ids than a worker that
# wakes may repeat.
SMALL = Size(4 * 1024 * 1024, 20_000)

Echo = Callable[[Sequence[bytes]], object]


class Stream:
    """A topic by its name in the language, its hub, and the encodings that its clients share."""

    def __init__(self, topic: str, hub: Hub) -> None:
        self.topic, self.hub = topic, hub
        envelope = Envelope(topic)
        # Each for `meta` False and True.
        self._frames: Sequence[Encoding] = RAW.encoding, MetaFrames(envelope)
        self._events: Sequence[Encoding] = Events(envelope, False), Events(envelope, True)
        self._json_lines: Sequence[Encoding] = JsonLines(envelope, False), JsonLines(envelope, True)

    def form(self, wish: Wish) -> Form:
        """For a WebSocket."""
        return Form(self._frames[wish.meta], wish.filter)

    def events(self, wish: Wish) -> Form:
        return Form(self._events[wish.meta], wish.filter)

    def json_lines(self, wish: Wish) -> Form:
        return Form(self._json_lines[wish.meta], wish.filter)

    async def catch_up(self) -> bool:
        """The hub has everything that was written before now; False: it can't be had in time."""
        return True


class OpenStream(Stream):
    """One that is read from Kafka. `echo` is called with new lines."""

    def __init__(
        self, topic: str, settings: Settings, stop: Stop, size: Size = SMALL, echo: Echo | None = None
    ) -> None:
        super().__init__(topic, Hub(Ring(size.ring_bytes), asyncio.get_running_loop()))
        seen = Seen(size.remembered_ids)
        self.feed = Feed(self.hub, seen, size.remembered_ids, echo)
        self.reader = Reader(settings.broker, [topic], self.feed.start, self.feed.move)
        self.replays = Replays(self.hub, settings.broker, topic, seen, settings.replay_readers)
        self.hub.behind = self.replays.take
        self.idle_since: float | None = None
        self._tasks = [
            run_in_background(self.feed.run(self.reader), "feed", stop),
            run_in_background(self.feed.open(self.reader), "filling the ring", stop),
            run_in_background(self.replays.run(), "replays", stop),
            run_in_background(keep_alive(self.hub, settings.ping_seconds), "keepalive", stop),
        ]

    async def catch_up(self) -> bool:
        return await self.reader.catch_up(CATCH_UP_SECONDS)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)


class Streams:
    """A context manager. `main` is always open, and its lines are given to `echo`."""

    follows = (LogLine, ServiceMeasured)  # what the page shows; of other topics it shows whatever lies there

    def __init__(self, main: str, settings: Settings, stop: Stop, echo: Echo) -> None:
        self._settings, self._stop = settings, stop
        size = Size(settings.ring_bytes, settings.remembered_ids)
        self.main = OpenStream(main, settings, stop, size, echo)
        self._open: dict[str, OpenStream] = {main: self.main}

    @property
    def open(self) -> Collection[OpenStream]:
        return self._open.values()

    def find(self, topic: str) -> Stream | None:
        """None if it is not one of those that may be looked at."""
        if topic not in self._open:
            if topic not in self._settings.topics:
                return None
            self._open[topic] = OpenStream(topic, self._settings, self._stop)
        self._open[topic].idle_since = None  # who asks may not have joined yet
        return self._open[topic]

    async def close_idle(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(IDLE_SECONDS / 4)
            for stream in tuple(self._open.values()):
                if self._is_forgotten(stream):
                    del self._open[stream.topic]  # before anything is awaited: who asks now gets a new one
                    await stream.close()

    def _is_forgotten(self, stream: OpenStream) -> bool:
        now = asyncio.get_running_loop().time()
        if stream is self.main or stream.hub.clients:
            stream.idle_since = None
        elif stream.idle_since is None:
            stream.idle_since = now
        return stream.idle_since is not None and now - stream.idle_since >= IDLE_SECONDS

    async def __aenter__(self) -> "Streams":
        self._closing = run_in_background(self.close_idle(), "closing of idle topics", self._stop)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.cancel()
        await asyncio.wait([self._closing])
        async with AsyncExitStack() as closing:
            for stream in self._open.values():
                closing.push_async_callback(stream.close)
