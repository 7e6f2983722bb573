"""Pages of messages over several partitions, in the order of their times, without a gap or a repetition.

Each partition is read in its own direction, some offsets at a time; of those that have something found, the one
whose turn it is by time hands out its next. What a request may read is bounded, and the cursor goes on from there.
"""

import asyncio
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, Field

from event_bus import Partition, Record
from event_bus.kafka import Consumer
from kafka_browser.cursor import cursor_of
from kafka_browser.kafka import Kafka, read
from kafka_browser.messages import Filter, Message, message_of
from kafka_browser.tracks import PAGE_BYTES, Track, size_of

SEARCH_SECONDS = 3.0  # of the 5 that a request has
GROWING = 4  # each part that is read is so many times the last: most who look want the newest few


class Page(BaseModel):
    """Messages, and how far the search for them came."""

    messages: list[Message]
    searched: int = Field(description="Offsets that this request passed over, of which not each is a record.")
    of: int = Field(description="Offsets that were ahead of it.")
    next: str | None = Field(
        description="To be given back as `before`, or as `after`; null: there is no more."
    )


class Search:
    """`most` records are read in all."""

    def __init__(
        self, kafka: Kafka, consumer: Consumer, wanted: Filter, tracks: Mapping[Partition, Track], most: int
    ) -> None:
        self._kafka, self._consumer, self._wanted, self._tracks = kafka, consumer, wanted, tracks
        self._left = most
        self._until = asyncio.get_running_loop().time() + SEARCH_SECONDS

    async def page(self, limit: int) -> Page:
        messages: list[Message] = []
        size, part = 0, 2 * limit  # a transaction of one record has a marker too
        while len(messages) < limit and size < PAGE_BYTES:
            track = max(self._open(), key=lambda one: (one.rank, len(one.found)), default=None)
            if track is None:
                break
            if not track.hungry:
                messages.append(track.next())
                size += size_of(messages[-1])
            elif await self._read_on(part):
                part *= GROWING
            else:
                break
        return self._result(messages)

    def _open(self) -> list[Track]:
        return [track for track in self._tracks.values() if not track.over]

    async def _read_on(self, part: int) -> bool:
        """False where this request may read no more."""
        hungry = {one: track for one, track in self._tracks.items() if track.hungry}
        each = min(part, self._left // len(hungry))
        if not each or asyncio.get_running_loop().time() > self._until:
            return False
        await read(self._consumer, {one: track.take(each) for one, track in hungry.items()}, self._take)
        return True

    def _take(self, record: Record) -> None:
        self._left -= 1
        track = self._tracks[Partition(record.topic, record.partition)]
        if record in self._wanted:
            track.add(message_of(record, self._kafka.shown(record.topic)))
        else:
            track.pass_over(record)

    def _result(self, messages: Sequence[Message]) -> Page:
        tracks = self._tracks
        return Page(
            messages=list(messages),
            searched=sum(track.searched for track in tracks.values()),
            of=sum(track.of for track in tracks.values()),
            next=cursor_of({one: track.place for one, track in tracks.items()}) if self._open() else None,
        )
