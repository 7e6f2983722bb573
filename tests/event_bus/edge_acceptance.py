"""What every edge must stand, in one suite: `class TestPaying(EdgeAcceptance): case = EdgeCase(…)`.

Whoever got a 2xx has his events on their topics, each once; who asks again with his key has the same answer and no
second event: wherever the process dies, and whether Kafka or the database is away.
"""

import asyncio
import contextlib
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self
from uuid import uuid4

import httpx2 as httpx
import pymongo
import pytest

from contracts import Event
from dev.kafka import Kafka
from dev.mongo import Mongo
from event_bus.crash_points import RELAY_POINTS, CrashPoint
from tests.event_bus.cluster import header, until
from tests.event_bus.instance import Instance, settings_prefix
from tests.event_bus.strike import Strike
from tests.flows.shops import OpenShop, open_shop

AT_ONCE = 8  # who ask at the same time
ANSWER_WITHIN = 6.0  # seconds: an edge answers within 5.5, whatever is away


@dataclass(frozen=True)
class EdgeCase:
    """What the suite has to know of a service.

    `body(number)` is a request to `path` that is accepted, and causes one event of each class of `publishes`. `ids`
    is the field of its answer with their id, or their ids.
    """

    service: str
    path: str
    body: Callable[[int], Mapping[str, str]]
    publishes: Sequence[type[Event]]
    ids: str


class Edge:
    """One instance at a time, and people with a token who ask it. A context manager."""

    def __init__(self, case: EdgeCase, shop: OpenShop, folder: Path) -> None:
        self.case, self.shop, self._folder = case, shop, folder
        self.accepted: list[str] = []  # ids of events
        self._instances: list[Instance] = []
        self._headers: dict[str, str] = {}
        self._http = httpx.AsyncClient(timeout=ANSWER_WITHIN)
        database = shop.environment[f"{settings_prefix(case.service)}DATABASE"]
        self._database: Any = pymongo.MongoClient(shop.mongo.uri)[database]

    async def __aenter__(self) -> Self:
        user = {"username": "alice", "password": "secret"}
        await self._http.post(f"{self.shop.users}/register", data=user)
        token = (await self._http.post(f"{self.shop.users}/login", data=user)).json()["access_token"]
        self._headers = {"Authorization": f"Bearer {token}"}
        return self

    async def __aexit__(self, *_: object) -> None:
        for instance in self._instances:
            await asyncio.to_thread(instance.stop)
        await self._http.aclose()
        self._database.client.close()

    def spawn(self, strike: Strike | None = None) -> Instance:
        """Whoever was there has ended, and with it its right to publish."""
        self._database["leases"].delete_many({})
        log = self._folder / f"{self.case.service}-{len(self._instances)}.log"
        instance = Instance(self.case.service, log, self.shop.environment, strike)
        self._instances.append(instance)
        return instance

    async def start(self) -> Instance:
        instance = self.spawn()
        await self.ready(instance)
        return instance

    async def ready(self, instance: Instance) -> None:
        await until(lambda: asyncio.to_thread(instance.is_ready), 40)

    async def ask(self, number: int, key: str) -> httpx.Response:
        return await self._http.post(
            f"{self._instances[-1].url}{self.case.path}",
            data=dict(self.case.body(number)),
            headers={**self._headers, "Idempotency-Key": key},
        )

    async def insist(self, number: int) -> None:
        """As a client should: the same again, with the same key, until it is accepted."""
        key = uuid4().hex
        async with asyncio.timeout(90):
            while True:
                with contextlib.suppress(httpx.HTTPError):
                    answer = await self.ask(number, key)
                    if answer.status_code == 201:
                        self.accepted += ids_in(answer.json()[self.case.ids])
                        return
                    assert answer.status_code == 503, answer.text
                await asyncio.sleep(0.05)

    @contextlib.asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """People ask one thing after the other, until the end of the block and until all are accepted."""
        done = False

        async def person(first: int) -> None:
            number = first
            while not done:
                await self.insist(number)
                number += AT_ONCE

        people = [asyncio.create_task(person(number)) for number in range(AT_ONCE)]
        try:
            yield
        finally:
            done = True
            await asyncio.gather(*people)

    async def audited(self) -> None:
        """Each event of whoever was accepted is on its topic, once, and no other one."""
        expected = Counter(self.accepted)
        assert set(expected.values()) == {1}, "two requests have the same event"

        async def complete() -> bool:
            return (await self._told()).keys() >= expected.keys()

        await until(complete, 60)
        assert await self._told() == expected

    async def _told(self) -> Counter[str]:
        topics = sorted({event.topic.name for event in self.case.publishes})
        records = [record for topic in topics for record in await self.shop.records(topic)]
        ours = [record for record in records if header(record, "ce_source") == f"/{self.case.service}"]
        return Counter(header(record, "ce_id") for record in ours)


def ids_in(answer: str | list[str]) -> list[str]:
    return [answer] if isinstance(answer, str) else answer


class EdgeAcceptance:
    """Not collected by itself: its name does not begin with Test."""

    case: ClassVar[EdgeCase]

    @pytest.fixture
    async def served(self, kafka: Kafka, mongo: Mongo, tmp_path: Path) -> AsyncIterator[Edge]:
        with open_shop(tmp_path, kafka, mongo, "users_service") as shop:
            async with Edge(self.case, shop, tmp_path) as edge:
                yield edge

    async def test_who_asks_again_has_the_same_answer_and_no_second_event(self, served: Edge) -> None:
        await served.start()
        first, again = await served.ask(1, "a-key"), await served.ask(1, "a-key")
        assert first.status_code == again.status_code == 201, first.text
        assert first.json() == again.json()
        assert (await served.ask(2, "a-key")).status_code == 422
        assert len(ids_in(first.json()[self.case.ids])) == len(self.case.publishes)
        served.accepted += ids_in(first.json()[self.case.ids])
        await served.audited()

    async def test_killed_at_every_step(self, served: Edge) -> None:
        """One instance after the other, each at another step; people ask whoever is there."""
        victims = [served.spawn(_strike(CrashPoint.DOCUMENT_WRITTEN))]
        async with served.going_on():
            for point in RELAY_POINTS:
                await until(victims[-1].is_over)
                victims.append(served.spawn(_strike(point)))
            await until(victims[-1].is_over)
            await served.start()
        await served.audited()
        assert {victim.exit_code for victim in victims} == {-signal.SIGKILL}

    async def test_kafka_and_then_the_database_away(
        self, own_kafka: Callable[[], Kafka], own_mongo: Callable[[], Mongo], tmp_path: Path
    ) -> None:
        """Without Kafka the answers are the same, and the events come later. Without the database it is a 503."""
        kafka, mongo = await asyncio.gather(asyncio.to_thread(own_kafka), asyncio.to_thread(own_mongo))
        with open_shop(tmp_path, kafka, mongo, "users_service") as shop:
            async with Edge(self.case, shop, tmp_path) as edge:
                instance = await edge.start()
                await edge.insist(1)
                await asyncio.to_thread(kafka.kill)
                answer = await edge.ask(2, "while-kafka-is-away")
                assert answer.status_code == 201, answer.text
                edge.accepted += ids_in(answer.json()[self.case.ids])
                await asyncio.to_thread(kafka.start)
                await asyncio.to_thread(mongo.freeze)
                refused = await edge.ask(3, "while-the-database-is-away")
                assert refused.status_code == 503, refused.text
                assert refused.headers["Retry-After"]
                await asyncio.to_thread(mongo.thaw)
                await edge.ready(instance)
                # What was refused may have been stored: who asks again with his key is told so.
                later = await edge.ask(3, "while-the-database-is-away")
                assert later.status_code == 201, later.text
                edge.accepted += ids_in(later.json()[self.case.ids])
                await edge.audited()


def _strike(point: CrashPoint) -> Strike:
    return Strike(point, random.randint(1, 3), signal.SIGKILL)
