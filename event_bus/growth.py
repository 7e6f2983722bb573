"""How far topics reach and how fast they grow. Kafka is asked only when somebody asks, and once a second at most,
however many do.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import NamedTuple

from event_bus.errors import Unavailable
from event_bus.kafka import Admin, Consumer, opened
from event_bus.records import Partition
from event_bus.settings import Broker

BETWEEN_SECONDS = 1.0  # two looks; what was seen, or not seen, holds for so long
RATE_SECONDS = 10.0  # a rate is one of the last seconds
DEADLINE = 5.0  # for all requests of a look; each has such a deadline of its own


class Look(NamedTuple):
    at: float
    firsts: Mapping[Partition, int]
    nexts: Mapping[Partition, int]
    sizes: Mapping[Partition, int]  # bytes on disk, where they were asked for and told


class Growth(NamedTuple):
    """Two looks at the same topics, some seconds apart."""

    before: Look
    now: Look

    def partitions_of(self, topic: str) -> list[Partition]:
        """By the topic's full name."""
        return sorted(one for one in self.now.nexts if one.topic == topic)

    def rate(self, topic: str) -> float:
        """Offsets a second."""
        first, before, now = self.now.firsts, self.before.nexts, self.now.nexts
        grown = sum(max(0, now[one] - before.get(one, first[one])) for one in self.partitions_of(topic))
        return round(grown / (self.now.at - self.before.at), 1)


class Looks:
    """`wanted` is asked with the name of each topic, without the prefix."""

    def __init__(self, broker: Broker, wanted: Callable[[str], bool], with_sizes: bool = False) -> None:
        self._broker, self._wanted, self._with_sizes = broker, wanted, with_sizes
        self._looks: deque[Look] = deque()
        self._failure = ""
        self._holds_until = float("-inf")
        self._one_at_a_time = asyncio.Lock()

    async def growth(self) -> Growth:
        """Raises Unavailable."""
        async with self._one_at_a_time:
            if _now() >= self._holds_until:
                await self._look_again()
                self._holds_until = _now() + BETWEEN_SECONDS
            if self._failure:
                raise Unavailable(self._failure)
            return Growth(self._looks[0], self._looks[-1])

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
        async with Admin(self._broker) as admin:
            topics = [name for name in await admin.topics() if self._wanted(name)]
            sizes = await admin.sizes() if self._with_sizes else {}
        async with opened(Consumer(self._broker)) as consumer:
            partitions = await consumer.partitions_of(topics)
            firsts, nexts = await consumer.beginnings(partitions), await consumer.ends(partitions)
            return Look(_now(), firsts, nexts, sizes)


def _now() -> float:
    return asyncio.get_running_loop().time()
