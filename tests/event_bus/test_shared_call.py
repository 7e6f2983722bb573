"""One call for a crowd: all get its outcome, and who comes afterwards makes a new one."""

import asyncio

import pytest

from event_bus.shared_call import SharedCall


class Call:
    def __init__(self) -> None:
        self.times = 0
        self.done = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self) -> None:
        self.times += 1
        await self.done.wait()
        if self.error:
            raise self.error


async def test_a_crowd_makes_one_call_and_goes_on_together() -> None:
    call = Call()
    shared = SharedCall(call)
    crowd = [asyncio.create_task(shared()) for _ in range(100)]
    await asyncio.sleep(0)
    call.done.set()
    for _ in range(5):  # times round the loop: a lock would let one through each time
        await asyncio.sleep(0)
    assert [task.done() for task in crowd] == [True] * 100
    assert call.times == 1


async def test_an_error_is_everybodys_and_the_next_one_tries_again() -> None:
    call = Call()
    call.error = OSError("gone")
    call.done.set()
    shared = SharedCall(call)
    assert [type(one) for one in await asyncio.gather(shared(), shared(), return_exceptions=True)] == [
        OSError
    ] * 2
    call.error = None
    await shared()
    assert call.times == 2


async def test_who_is_cancelled_does_not_end_the_call_of_the_others() -> None:
    call = Call()
    shared = SharedCall(call)
    first, second = asyncio.create_task(shared()), asyncio.create_task(shared())
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    call.done.set()
    await second
    assert call.times == 1
