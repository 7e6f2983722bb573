"""Which topics there are, how far they reach, how fast they grow and how they are set."""

from pydantic import BaseModel, Field, RootModel
from starlette.requests import Request

from event_bus.growth import Growth, Looks
from http_edge import NotFound
from kafka_browser.kafka import Kafka

_INTERNAL = "__"  # so Kafka calls the topics that are its own


class TopicSummary(BaseModel):
    """A topic."""

    name: str
    partitions: int
    records: int = Field(description="Offsets that it holds, of which not each is a record.")
    bytes: int = Field(description="On disk, of one replica; a partition whose broker is away counts none.")
    rate: float = Field(description="Offsets a second, over the last ten seconds at most.")
    internal: bool = Field(description="Kafka's own.")


class TopicSummaries(RootModel[list[TopicSummary]]):
    """Every topic."""


class PartitionView(BaseModel):
    partition: int
    first: int = Field(description="Offset of the oldest record.")
    next: int = Field(description="Offset that the next record gets.")
    bytes: int = Field(description="On disk.")
    leader: int = Field(description="The broker that has it; -1: none.")


class TopicView(TopicSummary):
    """A topic, its partitions and its settings."""

    partition_list: list[PartitionView]
    settings: dict[str, str]


class Topics:
    def __init__(self, kafka: Kafka) -> None:
        self._kafka = kafka
        self._looks = Looks(kafka.broker, lambda _: True, with_sizes=True)

    async def summaries(self) -> list[TopicSummary]:
        """By name. Raises Unavailable."""
        growth = await self._looks.growth()
        names = {self._kafka.shown(one.topic) for one in growth.now.nexts}
        return [self._summary(name, growth) for name in sorted(names)]

    async def view(self, name: str) -> TopicView:
        """Problem 404."""
        growth = await self._looks.growth()
        partitions = growth.partitions_of(self._kafka.broker.named(name))
        if not partitions:
            raise NotFound("There is no such topic; /api/topics tells which ones there are.")
        async with self._kafka.admin() as admin:
            leaders, settings = await admin.leaders(name), await admin.settings(name)
        views = [
            PartitionView(
                partition=one.partition,
                first=growth.now.firsts[one],
                next=growth.now.nexts[one],
                bytes=growth.now.sizes.get(one, 0),
                leader=leaders.get(one.partition, -1),
            )
            for one in partitions
        ]
        return TopicView(
            **self._summary(name, growth).model_dump(),
            partition_list=views,
            settings=dict(sorted(settings.items())),
        )

    def _summary(self, name: str, growth: Growth) -> TopicSummary:
        full, now = self._kafka.broker.named(name), growth.now
        partitions = growth.partitions_of(full)
        return TopicSummary(
            name=name,
            partitions=len(partitions),
            records=sum(now.nexts[one] - now.firsts[one] for one in partitions),
            bytes=sum(now.sizes.get(one, 0) for one in partitions),
            rate=growth.rate(full),
            internal=name.startswith(_INTERNAL),
        )


async def topics(request: Request) -> TopicSummaries:
    return TopicSummaries(await request.state.topics.summaries())


async def topic(request: Request) -> TopicView:
    found: TopicView = await request.state.topics.view(request.path_params["topic"])
    return found
