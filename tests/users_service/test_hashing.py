"""Who hashes, and who waits."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from users_service.hashing import PATIENCE, Busy, Hashing


async def test_who_has_to_wait_for_a_core_makes_a_rush_and_who_has_not_does_not() -> None:
    rushes: list[int] = []
    async with Hashing(cost=4, threads=1, rush=lambda: rushes.append(1)) as hashing:
        async with hashing.turn():
            assert rushes == []
            waiting = asyncio.create_task(_take_a_turn(hashing))
            while not rushes:
                await asyncio.sleep(0)
        await waiting
        await _take_a_turn(hashing)
    assert rushes == [1]


async def _take_a_turn(hashing: Hashing) -> None:
    async with hashing.turn():
        pass


@pytest.mark.parametrize("threads", [1, 2, 4])
async def test_who_would_be_answered_too_late_is_told_so_at_once(threads: int) -> None:
    async with Hashing(cost=4, threads=threads) as hashing:
        hashing.turn_seconds = (
            PATIENCE / 3
        )  # so each thread has two turns that are not too late for who waits
        async with AsyncExitStack() as taken:
            for _ in range(threads):
                await taken.enter_async_context(hashing.turn())
            waiting = [asyncio.create_task(_take_a_turn(hashing)) for _ in range(2 * threads)]
            await asyncio.sleep(0)
            with pytest.raises(Busy):
                await asyncio.wait_for(_take_a_turn(hashing), 5)
            assert not any(one.done() for one in waiting)
        await asyncio.gather(*waiting)
        await _take_a_turn(hashing)


async def test_a_free_core_is_taken_even_if_a_turn_took_too_long_before() -> None:
    """Else nobody would ever find out that it is over."""
    async with Hashing(cost=4, threads=1) as hashing:
        hashing.turn_seconds = 10 * PATIENCE
        for _ in range(50):
            await _take_a_turn(hashing)
        assert hashing.expected_seconds < PATIENCE


@pytest.mark.parametrize("password", ["nobody has this password", "secret"])
async def test_nobody_matches_whatever_unknown_users_are_compared_with(password: str) -> None:
    """What stands in for the hash of an unknown user is the hash of a password too."""
    async with Hashing(cost=4, threads=1) as hashing:
        stored = await hashing.hash("secret")
        assert not await hashing.matches(password, None)
        assert await hashing.matches(password, stored) == (password == "secret")
