"""What there is to look at: the topics, how far they reach and how fast they grow. Kafka is asked only when somebody
asks, and once a second at most, however many do.
"""

import asyncio
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from pydantic import BaseModel, Field, RootModel
from starlette.requests import Request

from contracts.topics import ALL
from event_bus import Broker, Partition
from event_bus.errors import Unavailable
from event_bus.kafka import Admin, Consumer
from http_edge import NotFound

BETWEEN_SECONDS = 1.0  # two looks; what was seen, or not seen, holds for so long
RATE_SECONDS = 10.0  # a rate is one of the last seconds
DEADLINE = 5.0  # for all requests of a look; each has such a deadline of its own

_KEYS = {topic.name: topic.key for topic in ALL}


class PartitionView(BaseModel):
    """Offsets, of which not each is a record."""

    partition: int
    first: int = Field(description="Offset of the oldest record.")
    next: int = Field(description="Offset that the next record gets.")


class TopicView(BaseModel):
    """A topic that may be looked at."""

    name: str
    key: str | None = Field(description="What the key of a record is; null if it is not a topic of the shop.")
    partitions: list[PartitionView] = Field(description="None: the topic is not there yet.")
    rate: float = Field(description="Offsets a second, over the last ten seconds at most.")


class TopicViews(RootModel[list[TopicView]]):
    """The topics that may be looked at."""


class Look(NamedTuple):
    at: float
    firsts: Mapping[Partition, int]
    nexts: Mapping[Partition, int]


class Topics:
    """`names` without the prefix."""

    def __init__(self, broker: Broker, names: Collection[str]) -> None:
        self._broker = broker
        self._names = [name for name in _KEYS if name in names] + sorted(set(names) - set(_KEYS))
        self._looks: deque[Look] = deque()
        self._failure = ""
        self._holds_until = float("-inf")
        self._one_at_a_time = asyncio.Lock()

    async def view(self) -> list[TopicView]:
        """Raises Unavailable."""
        async with self._one_at_a_time:
            if _now() >= self._holds_until:
                await self._look_again()
                self._holds_until = _now() + BETWEEN_SECONDS
            if self._failure:
                raise Unavailable(self._failure)
            return [self._topic(name) for name in self._names]

    def __contains__(self, name: str) -> bool:
        return name in self._names

    async def _look_again(self) -> None:
        while self._looks and _now() - self._looks[0].at > RATE_SECONDS:
            self._looks.popleft()
        self._failure = ""
        try:
            async with asyncio.timeout(DEADLINE):
                if not self._looks:
                    self._looks.append(await self._look())
                    await asyncio.sleep(BETWEEN_SECONDS)
                self._looks.append(await self._look())
        except (Unavailable, TimeoutError) as error:
            self._failure = str(error) or f"looking at the topics: no answer within {DEADLINE:g} s"

    async def _look(self) -> Look:
        consumer = Consumer(self._broker)
        try:
            await consumer.start()
            partitions = await consumer.partitions_of(await self._existing())
            firsts, nexts = await consumer.beginnings(partitions), await consumer.ends(partitions)
            return Look(_now(), firsts, nexts)
        finally:
            await consumer.discard()

    async def _existing(self) -> Sequence[str]:
        async with Admin(self._broker) as admin:
            there = await admin.partition_counts()
        return [name for name in self._names if self._broker.named(name) in there]

    def _topic(self, name: str) -> TopicView:
        before, now = self._looks[0], self._looks[-1]
        own = sorted(one for one in now.nexts if one.topic == self._broker.named(name))
        grown = sum(max(0, now.nexts[one] - before.nexts.get(one, now.firsts[one])) for one in own)
        return TopicView(
            name=name,
            key=_KEYS.get(name),
            partitions=[
                PartitionView(partition=one.partition, first=now.firsts[one], next=now.nexts[one])
                for one in own
            ],
            rate=round(grown / (now.at - before.at), 1),
        )


async def topics(request: Request) -> TopicViews:
    return TopicViews(await _topics(request).view())


async def topic(request: Request) -> TopicView:
    name = request.path_params["topic"]
    if name not in _topics(request):
        raise NotFound("There is no such topic here; /topics tells which ones there are.")
    return next(one for one in await _topics(request).view() if one.name == name)


def _topics(request: Request) -> Topics:
    found: Topics = request.state.topics
    return found


def _now() -> float:
    return asyncio.get_running_loop().time()
