"""What every stateful service must stand, in one suite: `class TestStock(StatefulAcceptance): case = Case(…)`.

Each input has its outcome exactly once, in the order of its partition and document; each bad record is buried exactly
once; the state is what the outcomes say: wherever instances die, freeze, join and leave, and whatever is away.
"""

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import ClassVar

import pytest

from dev.child import last_lines
from dev.kafka import Kafka
from dev.mongo import Mongo
from event_bus.crash_points import CONSUMER_POINTS, RELAY_POINTS, CrashPoint
from tests.event_bus.campaign import Campaign, Case
from tests.event_bus.cluster import until
from tests.event_bus.instance import Instance
from tests.event_bus.strike import Strike

STORM_SECONDS = 5.0


class StatefulAcceptance:
    """Not collected by itself: its name does not begin with Test."""

    case: ClassVar[Case]

    @pytest.fixture
    async def campaign(self, kafka: Kafka, mongo: Mongo, tmp_path: Path) -> AsyncIterator[Campaign]:
        async with Campaign(self.case, kafka, mongo, tmp_path) as campaign:
            yield campaign

    async def test_what_is_delivered_again_and_again_has_one_outcome(self, campaign: Campaign) -> None:
        """Twice in a row, all of it again at new offsets, and all of it again from offset 0."""
        (first,) = await campaign.start(None)
        await campaign.prepare(first, 120)
        while campaign.telling.waiting:
            await campaign.telling.tell()
        await campaign.telling.everything_again()
        await campaign.settled()
        await campaign.audited(first)
        assert await asyncio.to_thread(first.stop) == 0
        await campaign.rewind()
        (second,) = await campaign.start(None)
        await campaign.settled()
        await campaign.audited(second)

    async def test_killed_at_every_step(self, campaign: Campaign) -> None:
        """One instance for each step of the consumer, beside a steady one; then that one at any moment, and those
        that inherit the relay from it, each at another step."""
        (steady,) = await campaign.start(None)
        await campaign.prepare(steady, 1_000)
        victims = await campaign.start(*_strikes(CONSUMER_POINTS, signal.SIGKILL))
        await campaign.telling.until(lambda: all(victim.is_over() for victim in victims))
        heirs = [campaign.spawn(strike) for strike in _strikes(RELAY_POINTS, signal.SIGKILL)]
        async with campaign.telling.going_on():
            await asyncio.sleep(random.uniform(0.5, 1.5))  # any moment, on purpose
            steady.kill()
            await inherited(campaign, heirs)
            (last,) = await campaign.start(None)
        await campaign.settled()
        await campaign.audited(last)  # before the repetition, which would heal a loss
        await campaign.telling.everything_again()
        await campaign.settled()
        await campaign.audited(last)
        assert {instance.exit_code for instance in [steady, *victims, *heirs]} == {-signal.SIGKILL}

    async def test_frozen_at_some_step_while_another_takes_over_and_then_woken(
        self, campaign: Campaign
    ) -> None:
        (first,) = await campaign.start(None)  # or the requests that prepare it would reach the step
        await campaign.prepare(first, 600)
        await campaign.settled()
        assert await asyncio.to_thread(first.stop) == 0
        (relay,) = await campaign.start(Strike(CrashPoint.OFFSETS_SENT, 2, signal.SIGSTOP))
        points = [CrashPoint.APPLIED, CrashPoint.APPLIED, CrashPoint.WRITTEN, CrashPoint.BURIED]
        zombies = [relay, *await campaign.start(*_strikes(points, signal.SIGSTOP))]
        await campaign.telling.until(lambda: all(zombie.is_frozen() for zombie in zombies))
        (heir,) = await campaign.start(None)
        await campaign.telling.tell()
        await campaign.settled()
        async with campaign.telling.going_on():
            for zombie in zombies:
                zombie.thaw()
            for zombie in zombies:
                await campaign.ready(zombie)
        await campaign.settled()
        await campaign.audited(heir)  # before the repetition, which would heal a loss
        await campaign.telling.everything_again()
        await campaign.settled()
        await campaign.audited(heir)

    async def test_a_storm_of_joins_leaves_and_kills(self, campaign: Campaign) -> None:
        steady, _ = await campaign.start(None, None)
        await campaign.prepare(steady, 1_000)
        end = asyncio.get_running_loop().time() + STORM_SECONDS
        async with campaign.telling.going_on():
            await asyncio.gather(*(come_and_go(campaign, end, kill) for kill in (False, False, True)))
        await campaign.settled()
        await campaign.audited(steady)

    async def test_the_database_and_the_broker_killed_and_frozen(
        self, own_kafka: Callable[[], Kafka], own_mongo: Callable[[], Mongo], tmp_path: Path
    ) -> None:
        kafka, mongo = await asyncio.gather(asyncio.to_thread(own_kafka), asyncio.to_thread(own_mongo))
        async with Campaign(self.case, kafka, mongo, tmp_path) as campaign:
            (instance,) = await campaign.start(None)
            await campaign.prepare(instance, 800)
            async with campaign.telling.going_on():
                await asyncio.to_thread(mongo.kill)
                await asyncio.to_thread(mongo.start)
                await campaign.ready(instance)
                await asyncio.to_thread(mongo.freeze)
                await until(lambda: asyncio.to_thread(lambda: not instance.is_ready()))
                await asyncio.to_thread(mongo.thaw)
                await campaign.ready(instance)
                await asyncio.to_thread(kafka.kill)
                await asyncio.to_thread(kafka.start)
                await campaign.ready(instance)
            await campaign.settled()
            await campaign.audited(instance)


def _strikes(points: Iterable[CrashPoint], number: signal.Signals) -> list[Strike]:
    return [Strike(point, random.randint(1, 3), number) for point in points]


async def inherited(campaign: Campaign, heirs: list[Instance]) -> None:
    """The relay's owner is dead: whoever has waited for its lease is next, until all of them are dead."""
    while alive := [heir for heir in heirs if not heir.is_over()]:
        await asyncio.to_thread(campaign.expire_lease)
        await until(lambda alive=alive: any(heir.is_over() for heir in alive))


async def come_and_go(campaign: Campaign, end: float, kill: bool) -> None:
    while asyncio.get_running_loop().time() < end:
        instance = campaign.spawn()
        await asyncio.sleep(random.uniform(0.5, 3.0))  # the storm itself
        if kill:
            instance.kill()
        else:
            await until(lambda instance=instance: asyncio.to_thread(instance.serves))
            code = await asyncio.to_thread(instance.stop)
            assert code == 0, f"{code}: {last_lines(instance.log, 20)}"
