"""What there is to look at: the topics, how far they reach and how fast they grow."""

from collections.abc import Collection

from pydantic import BaseModel, Field, RootModel
from starlette.requests import Request

from contracts.topics import ALL
from event_bus import Broker
from event_bus.growth import Growth, Looks
from http_edge import NotFound

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


class Topics:
    """`names` without the prefix."""

    def __init__(self, broker: Broker, names: Collection[str]) -> None:
        self._broker = broker
        self._names = [name for name in _KEYS if name in names] + sorted(set(names) - set(_KEYS))
        self._looks = Looks(broker, self.__contains__)

    async def view(self) -> list[TopicView]:
        """Raises Unavailable."""
        growth = await self._looks.growth()
        return [self._topic(name, growth) for name in self._names]

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def _topic(self, name: str, growth: Growth) -> TopicView:
        full, now = self._broker.named(name), growth.now
        return TopicView(
            name=name,
            key=_KEYS.get(name),
            partitions=[
                PartitionView(partition=one.partition, first=now.firsts[one], next=now.nexts[one])
                for one in growth.partitions_of(full)
            ],
            rate=growth.rate(full),
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
