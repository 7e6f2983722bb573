"""The messages of a topic: a page of them from some place, or a single one that is shown whole."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator
from starlette.requests import Request

from event_bus import Partition, Record
from event_bus.kafka import Consumer
from http_edge import NotFound, read_query
from kafka_browser.cursor import Cursor, Offsets
from kafka_browser.kafka import Kafka, read
from kafka_browser.messages import Filter, Message, message_of
from kafka_browser.search import Page, Search
from kafka_browser.tracks import NewestFirst, OldestFirst, Track

MOST_MESSAGES = 200
LAST_OFFSET = 2**63 - 1

Tracks = Mapping[Partition, Track]


def _milliseconds(text: Any) -> int:
    """Raises ValueError."""
    if str(text).isdecimal():
        return int(text)
    moment = datetime.fromisoformat(str(text))
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone, as in 2026-11-21T03:11:04Z")
    return int(moment.timestamp() * 1000)


class Wish(Filter):
    """Which messages, and from where on: one of the four, else the newest."""

    limit: int = Field(default=50, ge=1, le=MOST_MESSAGES)
    offset: int | None = Field(default=None, ge=0, le=LAST_OFFSET)
    time: Annotated[int, BeforeValidator(_milliseconds), Field(le=LAST_OFFSET)] | None = None
    before: Cursor | None = None
    after: Cursor | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if sum(place is not None for place in (self.offset, self.time, self.before, self.after)) > 1:
            raise ValueError("only one of offset, time, before and after says where to begin")
        return self


async def messages(request: Request) -> Page:
    kafka: Kafka = request.state.kafka
    topic, wish = request.path_params["topic"], read_query(request, Wish)
    await kafka.check(topic)
    async with kafka.consumer() as consumer:
        partitions = only(await consumer.partitions_of([topic]), wish.partition)
        tracks = await tracks_of(consumer, partitions, wish)
        return await Search(kafka, consumer, wish, tracks, request.state.search_records).page(wish.limit)


async def message(request: Request) -> Message:
    kafka: Kafka = request.state.kafka
    topic, number, offset = (request.path_params[name] for name in ("topic", "partition", "offset"))
    await kafka.check(topic)
    found: list[Record] = []
    async with kafka.consumer() as consumer:
        (one,) = only(await consumer.partitions_of([topic]), number)
        first, end = (await consumer.beginnings([one]))[one], (await consumer.ends([one]))[one]
        if first <= offset < end:
            await read(consumer, {one: range(offset, offset + 1)}, found.append)
    if not found:
        raise NotFound(
            "There is no record at this offset: it was deleted, or it marks the end of a transaction."
        )
    return message_of(found[0], topic, whole=True)


def only(partitions: list[Partition], number: int | None) -> list[Partition]:
    """Problem 404."""
    found = [one for one in partitions if number in (None, one.partition)]
    if not found:
        raise NotFound("The topic has no such partition.")
    return found


async def tracks_of(consumer: Consumer, partitions: list[Partition], wish: Wish) -> Tracks:
    ends = await consumer.ends(partitions)
    if wish.offset is not None:
        return await _oldest_first(consumer, dict.fromkeys(partitions, wish.offset), ends, wish.limit)
    if wish.time is not None:
        times = await consumer.at_time(partitions, wish.time)
        return await _oldest_first(consumer, ends | times, ends, wish.limit)
    if wish.after is not None:
        return await _oldest_first(consumer, wish.after, ends, wish.limit)
    return await newest_first(consumer, wish.before or {}, ends, wish.limit)


async def newest_first(consumer: Consumer, before: Offsets, ends: Offsets, limit: int) -> Tracks:
    """`before` is that of a client: of any partitions."""
    firsts = await consumer.beginnings(list(ends))
    return {one: NewestFirst(firsts[one], min(before.get(one, end), end), limit) for one, end in ends.items()}


async def _oldest_first(consumer: Consumer, starts: Offsets, ends: Offsets, limit: int) -> Tracks:
    firsts = await consumer.beginnings(list(ends))
    return {one: OldestFirst(max(starts.get(one, 0), firsts[one]), end, limit) for one, end in ends.items()}
