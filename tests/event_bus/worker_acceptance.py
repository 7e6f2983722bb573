"""What every worker must stand, in one suite: `class TestLines(WorkerAcceptance): case = Case(…)`.

Each input has its outcome exactly once, in the order of its partition and key; each bad record is buried once:
wherever instances die, freeze, join and leave, and whatever becomes of the broker.
"""

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import ClassVar

import pytest

from dev.kafka import Kafka
from dev.mongo import Mongo
from event_bus.crash_points import AT_START, WORKER_POINTS, CrashPoint
from tests.event_bus.campaign import Campaign, Case
from tests.event_bus.cluster import until
from tests.event_bus.stateful_acceptance import come_and_go
from tests.event_bus.strike import Strike

STORM_SECONDS = 4.0
# Those of a start are passed by whoever follows one of the dead: tests/event_bus/test_worker_killed.py strikes there.
STEPS = [point for point in WORKER_POINTS if point not in AT_START]


class WorkerAcceptance:
    """Not collected by itself: its name does not begin with Test.

    An input that is written twice has an outcome each time, with the same id: so each is told once.
    """

    case: ClassVar[Case]

    @pytest.fixture
    async def campaign(self, kafka: Kafka, mongo: Mongo, tmp_path: Path) -> AsyncIterator[Campaign]:
        async with Campaign(self.case, kafka, mongo, tmp_path, times=1) as campaign:
            yield campaign

    async def test_killed_at_every_step(self, campaign: Campaign) -> None:
        """One instance for each step of a transaction, beside a steady one: as many as there are partitions."""
        (steady,) = await campaign.start(None)
        await campaign.prepare(steady, 3_000)
        strikes = [Strike(point, random.randint(1, 3), signal.SIGKILL) for point in STEPS]
        victims = await campaign.start(*strikes)
        await campaign.telling.until(lambda: all(victim.is_over() for victim in victims), 90)
        await campaign.settled()
        await campaign.audited(steady)
        assert {victim.exit_code for victim in victims} == {-signal.SIGKILL}

    async def test_frozen_before_its_commit_while_another_takes_over_and_then_woken(
        self, campaign: Campaign
    ) -> None:
        (zombie,) = await campaign.start(Strike(CrashPoint.OFFSETS_SENT, 2, signal.SIGSTOP))
        await campaign.prepare(zombie, 2_000)
        await campaign.telling.until(zombie.is_frozen)
        (heir,) = await campaign.start(None)
        await campaign.telling.tell()
        await campaign.settled()
        async with campaign.telling.going_on():
            zombie.thaw()
            await campaign.ready(zombie)
        await campaign.settled()
        await campaign.audited(heir)

    async def test_a_storm_of_joins_leaves_and_kills(self, campaign: Campaign) -> None:
        steady, _ = await campaign.start(None, None)
        await campaign.prepare(steady, 3_000)
        end = asyncio.get_running_loop().time() + STORM_SECONDS
        async with campaign.telling.going_on():
            await asyncio.gather(*(come_and_go(campaign, end, kill) for kill in (False, True)))
        await campaign.settled()
        await campaign.audited(steady)

    async def test_the_broker_killed(
        self, own_kafka: Callable[[], Kafka], mongo: Mongo, tmp_path: Path
    ) -> None:
        kafka = await asyncio.to_thread(own_kafka)
        async with Campaign(self.case, kafka, mongo, tmp_path, times=1) as campaign:
            (instance,) = await campaign.start(None)
            await campaign.prepare(instance, 400)
            await campaign.telling.tell()
            await asyncio.to_thread(kafka.kill)
            await until(lambda: asyncio.to_thread(lambda: not instance.is_ready()))
            await asyncio.to_thread(kafka.start)
            await campaign.ready(instance)
            await campaign.telling.tell()
            await campaign.settled()
            await campaign.audited(instance)
