"""Who hashes, and who waits."""

import asyncio

from users_service.hashing import Hashing


async def test_who_has_to_wait_for_a_core_makes_a_rush_and_who_has_not_does_not() -> None:
    rushes: list[int] = []
    async with Hashing(cost=4, threads=1, queue=2, rush=lambda: rushes.append(1)) as hashing:
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
