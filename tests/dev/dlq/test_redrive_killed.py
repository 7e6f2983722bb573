"""Wherever a redrive dies or freezes, and however many run at once: each record lands once more, and only once."""

from collections import Counter
from pathlib import Path

import pytest

from dev.dlq.address import Address
from dev.dlq.letters import How
from dev.dlq.redrive import MOST_LETTERS, resolve
from dev.dlq.selection import Selection
from event_bus import Broker
from event_bus.crash_points import WORKER_POINTS, CrashPoint
from tests.dev.dlq.burying import SERVICE, bury, expected, good, settled, times
from tests.dev.dlq.redriving import DONE, FAILED, FENCED, Plan, start
from tests.event_bus.cluster import Cluster, ids, until
from tests.event_bus.process import is_frozen

LETTERS = MOST_LETTERS + 50  # two transactions: one that is done when the second one is struck
BEFORE_IT_READS = (CrashPoint.PRODUCERS_CLOSED, CrashPoint.PRODUCERS_OPEN)


@pytest.fixture
async def buried(cluster: Cluster) -> list[Address]:
    return await bury(cluster, [good(f"key-{number % 7}", number) for number in range(LETTERS)])


@pytest.fixture
def plan(broker: Broker) -> Plan:
    return Plan(broker.bootstrap_servers, broker.prefix)


async def rest(broker: Broker, how: How = "redriven") -> int:
    chosen = await resolve(broker, Selection([SERVICE]), how, lambda letter: None)
    return len(chosen.letters)


async def audited(cluster: Cluster, buried: list[Address]) -> None:
    """Each record is there as it was, and once more, in the same order; each letter is settled once."""
    records = await cluster.read("notifications")
    assert set((await times(cluster)).values()) == {2}
    assert ids(records)[LETTERS:] == ids(records)[:LETTERS]
    assert await settled(cluster) == expected(buried)


@pytest.mark.parametrize("point", WORKER_POINTS, ids=lambda point: point.name)
async def test_what_a_killed_redrive_began_is_ended_once(
    cluster: Cluster, broker: Broker, plan: Plan, buried: list[Address], tmp_path: Path, point: CrashPoint
) -> None:
    victim = start(Plan(plan.bootstrap_servers, plan.prefix, point=point.name, nth=2), tmp_path)
    assert victim.wait(30) == -9, victim.last_lines()
    landed = 0 if point in BEFORE_IT_READS else LETTERS if point is CrashPoint.COMMITTED else MOST_LETTERS
    assert await rest(broker) == LETTERS - landed
    await audited(cluster, buried)


@pytest.mark.parametrize("point", WORKER_POINTS, ids=lambda point: point.name)
async def test_a_frozen_redrive_that_wakes_behind_another_one_adds_nothing(
    cluster: Cluster, broker: Broker, plan: Plan, buried: list[Address], tmp_path: Path, point: CrashPoint
) -> None:
    frozen = start(Plan(plan.bootstrap_servers, plan.prefix, point=point.name, freeze=True), tmp_path)
    try:
        await until(lambda: is_frozen(frozen))
        assert await rest(broker) == LETTERS - (MOST_LETTERS if point is CrashPoint.COMMITTED else 0)
        frozen.thaw()
        code = frozen.wait(30)
    finally:
        frozen.stop()
    # Who had not read yet finds everything settled. The others are fenced, or find that they were away for too long.
    assert code in ([DONE] if point in BEFORE_IT_READS else [FENCED, FAILED]), frozen.last_lines()
    await audited(cluster, buried)


async def test_three_at_once_redrive_each_record_once(
    cluster: Cluster, broker: Broker, plan: Plan, buried: list[Address], tmp_path: Path
) -> None:
    several = [start(plan, tmp_path) for _ in range(3)]
    codes = Counter(child.wait(60) for child in several)
    assert set(codes) <= {DONE, FENCED}, [child.last_lines() for child in several]
    assert codes[DONE] >= 1  # the last one to begin is fenced by nobody
    assert await rest(broker) == 0
    await audited(cluster, buried)


async def test_a_redrive_beside_a_drop_leaves_each_letter_settled_once(
    cluster: Cluster, broker: Broker, plan: Plan, buried: list[Address], tmp_path: Path
) -> None:
    redrive = start(plan, tmp_path)
    drop = start(Plan(plan.bootstrap_servers, plan.prefix, how="dropped"), tmp_path)
    assert {redrive.wait(60), drop.wait(60)} <= {DONE, FENCED}
    await rest(broker, "dropped")
    there, done = await times(cluster), await settled(cluster)
    assert len(done) == LETTERS
    assert set(done.values()) == {1}
    redriven = sum(count - 1 for count in there.values())
    assert redriven == sum(1 for _, how in done if how == b"redriven")
