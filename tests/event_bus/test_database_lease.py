"""One relay of a service at a time; a dead one is followed, a restarted one goes on at once."""

import asyncio

from event_bus import Database, DatabaseLease
from tests.event_bus.cluster import until


def lease(database: Database, port: int, seconds: float = 0.5) -> DatabaseLease:
    return DatabaseLease(database, port, seconds)


async def test_one_of_two_has_it_and_keeps_it_by_renewing(database: Database) -> None:
    one, other = lease(database, 1, seconds=1.5), lease(database, 2, seconds=1.5)
    assert await one.acquire()
    for _ in range(20):  # longer than the lease
        assert not await other.acquire()
        await asyncio.sleep(0.1)  # the pace of the renewals
        assert await one.acquire()


async def test_of_many_at_once_exactly_one_gets_it(database: Database) -> None:
    got = await asyncio.gather(*(lease(database, port).acquire() for port in range(1, 20)))
    assert got.count(True) == 1


async def test_when_it_has_run_out_another_gets_it(database: Database) -> None:
    assert await lease(database, 1).acquire()
    await until(lease(database, 2).acquire, within=3)
    assert not await lease(database, 1).acquire()


async def test_a_restarted_owner_takes_its_own_back_at_once(database: Database) -> None:
    assert await lease(database, 1, seconds=3).acquire()
    assert await lease(database, 1, seconds=3).acquire()


async def test_what_was_released_is_free_at_once(database: Database) -> None:
    owner = lease(database, 1, seconds=60)
    assert await owner.acquire()
    await owner.release()
    assert await lease(database, 2).acquire()


async def test_the_release_of_one_who_has_lost_it_changes_nothing(database: Database) -> None:
    late, owner = lease(database, 1), lease(database, 2, seconds=60)
    assert await late.acquire()
    await until(owner.acquire, within=3)
    await late.release()
    assert not await lease(database, 3).acquire()


async def test_the_owner_sees_that_another_waits_and_that_it_has_gone(database: Database) -> None:
    owner, waiting = lease(database, 1), lease(database, 2)
    assert await owner.acquire()
    assert not owner.contended
    assert not await waiting.acquire()
    assert await owner.acquire()
    assert owner.contended

    async def alone() -> bool:
        return await owner.acquire() and not owner.contended

    await until(alone, within=5)
