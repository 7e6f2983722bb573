"""What has come while the last write ran goes together in the next one."""

import asyncio
from collections.abc import Sequence
from itertools import chain
from types import NoneType

import pytest

from event_bus.group_commit import CROWD, MOMENT_SECONDS, GroupCommit


class Disk:
    """Takes a turn of the loop for a write; refuses what is negative; breaks on zero."""

    def __init__(self, most: int = 10) -> None:
        self.writes: list[list[int]] = []
        self.commit = GroupCommit(self._write, most, 60)

    async def _write(self, items: Sequence[int]) -> Sequence[Exception | None]:
        self.writes.append(list(items))
        await asyncio.sleep(0)
        if 0 in items:
            raise OSError("broken")
        return [ValueError(str(item)) if item < 0 else None for item in items]


async def test_the_first_of_a_quiet_moment_is_written_at_once_the_others_together() -> None:
    disk = Disk()
    first = asyncio.create_task(disk.commit(1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # its write is under way
    await asyncio.gather(first, *(disk.commit(number) for number in range(2, 8)))
    assert disk.writes == [[1], [2, 3, 4, 5, 6, 7]]


class SlowDisk:
    """Ends a write when it is told to."""

    def __init__(self, seconds: float = 60) -> None:
        self.writes: list[tuple[list[int], asyncio.Event]] = []
        self.commit = GroupCommit(self._write, 100, seconds)

    async def _write(self, items: Sequence[int]) -> Sequence[Exception | None]:
        done = asyncio.Event()
        self.writes.append((list(items), done))
        await done.wait()
        return [None] * len(items)

    async def come(self, *items: int) -> list[asyncio.Task[None]]:
        callers = [asyncio.create_task(self.commit(item)) for item in items]
        await turns()
        return callers

    async def end(self, number: int) -> None:
        self.writes[number][1].set()
        await turns()

    @property
    def written(self) -> list[list[int]]:
        return [items for items, _ in self.writes]


async def turns() -> None:
    """Of the loop: enough for whatever follows at once."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_second_write_begins_when_it_is_no_smaller_than_the_one_under_way() -> None:
    disk = SlowDisk()
    callers = await disk.come(1, 2, 3)
    callers += await disk.come(4, 5)
    assert disk.written == [[1, 2, 3]]
    callers += await disk.come(6)
    assert disk.written == [[1, 2, 3], [4, 5, 6]]
    callers += await disk.come(*range(7, 20))  # there are never more than two
    assert len(disk.written) == 2
    await disk.end(0)
    assert disk.written[2] == list(range(7, 20))
    await disk.end(1)
    await disk.end(2)
    async with asyncio.timeout(1):
        await asyncio.gather(*callers)


async def test_what_is_too_little_for_a_write_of_its_own_goes_when_the_one_under_way_ends() -> None:
    disk = SlowDisk()
    callers = await disk.come(1)
    callers += await disk.come(2, 3, 4, 5)
    callers += await disk.come(6)
    await disk.end(0)
    assert disk.written == [[1], [2, 3, 4, 5]]
    await disk.end(1)
    assert disk.written[2] == [6]
    await disk.end(2)
    async with asyncio.timeout(1):
        await asyncio.gather(*callers)
    assert await disk.come(7)
    assert disk.written[3] == [7]  # nobody is taken for a writer who is none
    await disk.end(3)


async def test_a_write_takes_at_most_so_many() -> None:
    disk = Disk(most=10)
    await asyncio.gather(*(disk.commit(number) for number in range(1, 36)))
    assert [len(items) for items in disk.writes] == [10, 10, 10, 5]
    assert list(chain(*disk.writes)) == list(range(1, 36))


async def test_each_caller_gets_his_own_error() -> None:
    disk = Disk()
    results = await asyncio.gather(*(disk.commit(n) for n in (1, -2, 3, -4)), return_exceptions=True)
    assert [str(result) for result in results] == ["None", "-2", "None", "-4"]


async def test_a_write_that_fails_fails_for_all_who_shared_it_and_the_next_goes_on() -> None:
    disk = Disk()
    results = await asyncio.gather(*(disk.commit(n) for n in (0, 1)), return_exceptions=True)
    assert [type(result) for result in results] == [OSError, OSError]
    await disk.commit(2)
    assert disk.writes[-1] == [2]


async def test_who_gives_up_before_his_turn_is_not_written() -> None:
    disk = Disk()
    tasks = [asyncio.create_task(disk.commit(number)) for number in (1, 2, 3)]
    for _ in range(2):
        await asyncio.sleep(0)
    late = [asyncio.create_task(disk.commit(number)) for number in (4, 5)]
    await asyncio.sleep(0)
    late[0].cancel()
    await asyncio.wait([*tasks, *late])
    assert 4 not in chain(*disk.writes)
    assert 5 in chain(*disk.writes)


async def test_when_all_who_wait_have_given_up_nothing_is_written_and_the_next_is() -> None:
    disk = Disk(most=2)
    tasks = [asyncio.create_task(disk.commit(number)) for number in range(1, 8)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    async with asyncio.timeout(1):
        await disk.commit(9)
    assert disk.writes[-1] == [9]
    with pytest.raises(ValueError, match="-1"):
        await disk.commit(-1)


async def test_callers_who_only_come_together_are_no_rush() -> None:
    """After a stall: 40 at once are what 200 a second leave in a fifth of one."""
    disk = Disk()
    await asyncio.gather(*(disk.commit(number) for number in range(1, 41)))
    async with asyncio.timeout(MOMENT_SECONDS / 2):
        await disk.commit.quiet()


async def test_a_rush_is_over_when_there_was_none_for_a_moment() -> None:
    disk = Disk()
    clock = asyncio.get_running_loop().time
    await asyncio.gather(*(disk.commit(number) for number in range(1, CROWD + 1)))
    begun = clock()
    await disk.commit.quiet()
    assert clock() - begun > MOMENT_SECONDS / 2


async def test_a_rush_that_is_announced_lasts_as_long_as_was_said() -> None:
    disk, clock = Disk(), asyncio.get_running_loop().time
    begun = clock()
    disk.commit.crowd(0.3)
    disk.commit.crowd(0.1)
    await disk.commit.quiet()
    assert clock() - begun >= 0.3


async def test_who_waits_too_long_is_told_and_is_written_only_if_his_turn_had_come() -> None:
    disk = SlowDisk(seconds=0.05)
    callers = await disk.come(1)
    callers += await disk.come(2, 3)
    await disk.end(0)
    late = await disk.come(4)
    assert disk.written == [[1], [2, 3]]
    await asyncio.wait(callers + late)
    outcomes = await asyncio.gather(*callers, *late, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [NoneType, TimeoutError, TimeoutError, TimeoutError]
    await disk.end(1)
    assert disk.written == [[1], [2, 3]]
    callers = await disk.come(5)
    assert disk.written[-1] == [5]
    await disk.end(2)
    assert callers[0].done()
