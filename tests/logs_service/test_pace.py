"""Lines wait for each other only where they come faster than they can be written one by one."""

import pytest

from logs_service.pace import FREE_PER_PASS, LONGEST_TICK_SECONDS, TICK_SECONDS, Pace


def paced(gap: float, pass_seconds: float, lines: int = 50) -> Pace:
    """After so many lines that came so far apart."""
    pace = Pace()
    for number in range(lines):
        pace.published(1, number * gap)
        pace.passed(pass_seconds)
    return pace


@pytest.mark.parametrize(("pass_seconds", "tick"), [(0.0001, 0.001), (0.002, 0.008), (0.1, 0.020)])
def test_in_a_rush_the_tick_follows_the_time_of_a_pass_within_its_limits(
    pass_seconds: float, tick: float
) -> None:
    assert paced(gap=0.0005, pass_seconds=pass_seconds).tick == pytest.approx(tick, rel=0.05)


@pytest.mark.parametrize("pass_seconds", [0.0001, 0.002, 0.1])
def test_lines_that_come_slowly_do_not_wait(pass_seconds: float) -> None:
    slow = 1.2 * max(FREE_PER_PASS * pass_seconds, TICK_SECONDS)
    assert paced(gap=slow, pass_seconds=pass_seconds).tick == 0
    assert paced(gap=slow / 1.5, pass_seconds=pass_seconds).tick > 0


def test_a_long_silence_is_forgotten_within_some_lines_of_a_rush() -> None:
    pace = paced(gap=60.0, pass_seconds=0.002)
    assert pace.tick == 0
    for number in range(20):
        pace.published(1, 3600 + number * 0.001)
    assert pace.tick > 0


def test_lines_that_came_together_came_one_after_the_other() -> None:
    pace = paced(gap=0.010, pass_seconds=0.002)
    assert pace.tick == 0
    pace.published(10, 0.510)
    assert pace.tick > 0


def test_one_pass_that_was_held_up_is_no_reason_to_wait_for_the_longest() -> None:
    pace = paced(gap=0.0005, pass_seconds=0.001)
    pace.passed(0.010)
    assert pace.tick < LONGEST_TICK_SECONDS / 2
