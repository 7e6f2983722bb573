"""New messages of a topic as Server-Sent Events: a reader of Kafka for each who watches, as long as he is there.

Who comes back with the id of the last event gets what was written meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from event_bus import Partition
from event_bus.errors import Unavailable
from event_bus.kafka import Consumer, opened
from http_edge import BadRequest, ServiceUnavailable, Stop, read_query
from kafka_browser.cursor import Offsets, cursor_of, offsets_of
from kafka_browser.gate import REQUEST_SECONDS
from kafka_browser.kafka import MOST_RECORDS, Kafka
from kafka_browser.messages import Filter, message_of
from kafka_browser.topic_messages import only

EVENT_STREAM = "text/event-stream"
LOOK_SECONDS = (
    1.0  # a quiet one asks for the end this often, and so learns that Kafka is away, or the process ends
)
RETRY = b"retry: 1000\n"  # milliseconds
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Seats:
    """How many may watch at once."""

    def __init__(self, total: int) -> None:
        self.free = total

    def __enter__(self) -> None:
        if not self.free:
            raise ServiceUnavailable("As many as may are watching new messages now.", retry_after=5)
        self.free -= 1

    def __exit__(self, *_: object) -> None:
        self.free += 1


class Live:
    """`places`: the next offset of each partition."""

    def __init__(self, kafka: Kafka, consumer: Consumer, places: Offsets, wanted: Filter) -> None:
        self._kafka, self._consumer, self._wanted = kafka, consumer, wanted
        self._places = dict(places)
        self._ended = False

    def end(self) -> None:
        """Before the next look."""
        self._ended = True

    async def events(self) -> AsyncIterator[bytes]:
        """Until `end`, or until Kafka is away."""
        yield RETRY + self._event("ready", "{}")
        with suppress(Unavailable):
            while not self._ended:
                async for event in self._next():
                    yield event

    async def _next(self) -> AsyncIterator[bytes]:
        partitions = list(self._places)
        records = await self._consumer.batch(partitions, MOST_RECORDS, LOOK_SECONDS)
        for record in records:
            self._places[Partition(record.topic, record.partition)] = record.offset + 1
            if record in self._wanted:
                message = message_of(record, self._kafka.shown(record.topic))
                yield self._event("message", message.model_dump_json())
        if not records:
            await self._consumer.ends(partitions)
            yield b":\n\n"

    def _event(self, name: str, data: str) -> bytes:
        return f"event: {name}\nid: {cursor_of(self._places)}\ndata: {data}\n\n".encode()


class LiveResponse(StreamingResponse):
    """Ends when the client goes or the process stops, and then lets go of what it was given."""

    def __init__(self, live: Live, close: Callable[[], Awaitable[None]]) -> None:
        super().__init__(live.events(), headers={"Content-Type": EVENT_STREAM, **_HEADERS})
        self._live, self._close = live, close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        stop: Stop = scope["app"].state.stop
        sending = asyncio.create_task(self.stream_response(send))
        leaving = asyncio.create_task(self.listen_for_disconnect(receive))
        try:
            with stop.tells(self._live.end):
                await asyncio.wait([sending, leaving], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.wait([sending, leaving])
            await self._close()


async def live(request: Request) -> Response:
    kafka: Kafka = request.state.kafka
    topic, wanted = request.path_params["topic"], read_query(request, Filter)
    if request.method == "HEAD":  # its answer would never end
        return Response(headers=_HEADERS, media_type=EVENT_STREAM)
    async with AsyncExitStack() as stack:
        stack.enter_context(request.state.seats)
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                await kafka.check(topic)
                consumer = await stack.enter_async_context(opened(Consumer(kafka.broker)))
                partitions = only(await consumer.partitions_of([topic]), wanted.partition)
                places = await consumer.ends(partitions) | _places(request, partitions)
        except TimeoutError:
            raise Unavailable(f"no answer within {REQUEST_SECONDS:g} s") from None
        consumer.assign_at(places)
        return LiveResponse(Live(kafka, consumer, places, wanted), stack.pop_all().aclose)


def _places(request: Request, partitions: list[Partition]) -> dict[Partition, int]:
    """Where a client that was here before goes on. Problem 400."""
    given = request.headers.get("Last-Event-ID")
    if not given:
        return {}
    try:
        return {one: offset for one, offset in offsets_of(given).items() if one in partitions}
    except ValueError:
        raise BadRequest("Last-Event-ID is the id of an event that came from here.") from None
