"""The lines over plain HTTP: Server-Sent Events, which go on, and a download, which ends with what there is.

Either is a client of the hub as a WebSocket is. What the hub writes waits here for the socket; the hub is told to
pause before that becomes much.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import replace

import structlog
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from contracts.topics import LOGS
from http_edge import BadRequest, ContentTooLarge, NotFound, ServiceUnavailable, Stop
from logs_service.clients import Client
from logs_service.forms import Form
from logs_service.hub import SEGMENT_BYTES, Hub
from logs_service.position import NoToken, Position, covers, position_of
from logs_service.streams import Stream
from logs_service.wishes import After, BadWish, Earliest, Start, Wish, wish_of

# With this much in hand the hub pauses; a turn of TURN_BYTES may have come on top of it.
ENOUGH_BYTES = SEGMENT_BYTES
RETRY = b"retry: 1000\n\n"  # milliseconds: a hub that was restarted is back within two seconds
STILL_HERE = b":\n\n"
EVENT_STREAM, JSON_LINES = "text/event-stream", "application/x-ndjson"
# A proxy that keeps a part of it back until it has more would keep back the newest lines.
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_AS_A_FILE = {"Content-Disposition": 'attachment; filename="logs.ndjson"'}

log = structlog.get_logger()


class Incomplete(Exception):
    """The answer must not end as if it were whole."""


class HttpClient(Client):
    """The first `end` counts; what is in hand then is still sent."""

    def __init__(self, hub: Hub, wish: Wish, form: Form) -> None:
        self.hub = hub
        self.start, self.close_when_slow, self.form = wish.start, wish.close_when_slow, form
        self.write: Callable[[bytes], object] = self.take
        self.in_hand = 0
        self._parts: list[bytes] = []
        self._news = asyncio.Event()
        self._ended = False
        self._incomplete = ""

    def take(self, parts: bytes) -> None:
        self._parts.append(parts)
        self.in_hand += len(parts)
        self._news.set()
        if self.in_hand >= ENOUGH_BYTES:
            self.hub.pause(self)

    def end(self, incomplete: str = "") -> None:
        """`incomplete`: why, if there is more that it should have had."""
        self.hub.leave(self)
        if not self._ended:
            self._ended, self._incomplete = True, incomplete
            self._news.set()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Whoever asks for the next one has sent the one before. Raises Incomplete."""
        while self._parts or not self._ended:
            await self._news.wait()
            self._news.clear()
            parts, self._parts, self.in_hand = self._parts, [], 0
            if parts:
                yield b"".join(parts)
            if self.paused:
                self.hub.resume(self)
        if self._incomplete:
            raise Incomplete(self._incomplete)

    def stop(self) -> None:
        """The process ends; an answer that has an end has some seconds for it."""


class EventsClient(HttpClient):
    def keep_alive(self) -> None:
        """Who does not read can't be told either; how many such may be here is a matter of seats."""
        if self.paused:
            return
        before = self.in_hand
        self.hub.tell_progress(self)
        if self.in_hand == before:
            self.take(STILL_HERE)

    def fall_behind(self, position: Position) -> None:
        self.take(self.form.encoding.notice("fell behind", position) or b"")
        self.end()

    def stop(self) -> None:
        self.end()


class DownloadClient(HttpClient):
    """Is over when it has what was there when it was made: at the head, or, if it is slow, at that position."""

    def __init__(self, hub: Hub, wish: Wish, form: Form) -> None:
        super().__init__(hub, wish, form)
        hub.flush()
        self._goal = hub.ring.position

    def take(self, parts: bytes) -> None:
        super().take(parts)
        if covers(self.position or {}, self._goal):
            self.end()

    def caught_up(self) -> None:
        self.end()

    def keep_alive(self) -> None:
        """There is no line that says nothing."""

    def fall_behind(self, position: Position) -> None:
        self.end("it fell behind")

    def lose(self, position: Position) -> None:
        self.end("lines are lost")


class HubResponse(StreamingResponse):
    """The client is in the hub as long as this answer is under way, whatever ends it."""

    def __init__(
        self, client: HttpClient, media_type: str, headers: Mapping[str, str], first: bytes = b""
    ) -> None:
        super().__init__(client.chunks(), headers={"Content-Type": media_type, **_HEADERS, **headers})
        self._client = client
        if first:
            client.take(first)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD":
            await Response(headers=self.headers)(scope, receive, send)
            return
        stop: Stop = scope["app"].state.stop
        watching = asyncio.create_task(self._watch(receive))
        self._client.hub.join(self._client)
        try:
            with stop.tells(self._client.stop):
                await self.stream_response(send)
        except Incomplete as error:
            # To return without the last chunk cuts the connection: all that tells a client of plain lines.
            log.warning("a download was cut off", reason=str(error), path=scope["path"])
        finally:
            self._client.end()
            watching.cancel()

    async def _watch(self, receive: Receive) -> None:
        """Whoever goes while nothing is sent is noticed only here."""
        with suppress(ContentTooLarge):  # a body that nobody asked for
            while (await receive())["type"] != "http.disconnect":
                pass
        self._client.end()


async def events(request: Request) -> Response:
    stream, wish = _stream(request), _wish(request)
    if last := request.headers.get("Last-Event-ID"):  # a browser that comes back repeats its query too
        wish = replace(wish, start=_after(last))
    client = EventsClient(stream.hub, wish, stream.events(wish))
    return HubResponse(client, EVENT_STREAM, {}, RETRY)


async def download(request: Request) -> Response:
    stream, wish = _stream(request), _wish(request, usual=Earliest())
    if not await stream.catch_up():
        raise ServiceUnavailable("What there is can't be said: Kafka is away, or the hub has just started.")
    client = DownloadClient(stream.hub, wish, stream.json_lines(wish))
    return HubResponse(client, JSON_LINES, _AS_A_FILE)


def _stream(request: Request) -> Stream:
    stream: Stream | None = request.state.find_stream(request.path_params.get("topic", LOGS.name))
    if stream is None:
        raise NotFound("There is no such topic here; /topics tells which ones there are.")
    return stream


def _wish(request: Request, usual: Start | None = None) -> Wish:
    try:
        return wish_of(request.scope["query_string"].decode("latin-1"), usual=usual)
    except BadWish as error:
        raise BadRequest(str(error)) from error


def _after(last: str) -> After:
    try:
        return After(position_of(last))
    except NoToken as error:
        raise BadRequest("Last-Event-ID is a token that a hub gave with a line.") from error
