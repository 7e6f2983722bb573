"""Waits that double and are never in step; a rival is told from a fence now and then."""

import asyncio
import time

import pytest

from event_bus.backoff import Backoff, Rivalry


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long each wait would have been."""
    asked: list[float] = []

    async def sleep(seconds: float) -> None:
        asked.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return asked


async def test_each_wait_is_up_to_twice_the_last_and_never_over_the_longest(waits: list[float]) -> None:
    pause = Backoff(0.1, 5.0)
    for _ in range(10):
        await pause.wait()
    bounds = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0, 5.0]
    assert all(bound / 2 <= seconds <= bound for seconds, bound in zip(waits, bounds, strict=True))


async def test_after_a_success_it_begins_anew(waits: list[float]) -> None:
    pause = Backoff(0.1, 5.0)
    for _ in range(4):
        await pause.wait()
    pause.reset()
    await pause.wait()
    assert waits[-1] <= 0.1


async def test_two_are_not_in_step(waits: list[float]) -> None:
    for _ in range(20):
        await Backoff(1.0).wait()
    assert len(set(waits)) > 1


@pytest.mark.parametrize(
    ("times", "rival"),
    [
        ([0, 1], False),
        ([0, 1, 2], True),
        ([0, 50, 100], False),
        ([0, 100, 120, 140], True),
        ([0, 59, 61], False),
    ],
)
def test_three_fences_in_a_minute_are_a_rival(
    times: list[float], rival: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(times)
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    rivalry = Rivalry()
    assert [rivalry.fenced() for _ in times][-1] is rival
