"""Whoever has an answer without an end is told of a stop, by the event loop, whoever asks for it."""

import asyncio
import os
import signal
import threading
import time

from http_edge import Stop


async def test_whoever_wants_to_know_is_told_once_and_the_others_are_not() -> None:
    stop, told = Stop(), list[str]()
    with stop.tells(lambda: told.append("left before")):
        pass
    with stop.tells(lambda: told.append("here")):
        stop(0, "a test")
        stop(1, "again")
        assert told == []  # not in the middle of what asked for it
        await asyncio.sleep(0)
        assert told == ["here"]


async def test_who_comes_when_it_was_asked_for_is_told_too() -> None:
    stop, told = Stop(), asyncio.Event()
    stop(0, "a test")
    with stop.tells(told.set):
        await asyncio.wait_for(told.wait(), 1)


async def test_a_signal_handler_may_ask() -> None:
    """It wakes a loop that sleeps."""
    stop, told = Stop(), asyncio.Event()
    began = time.monotonic()
    kill = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1))
    before = signal.signal(signal.SIGUSR1, lambda number, frame: stop(0, "a signal"))
    try:
        with stop.tells(told.set):
            kill.start()
            await asyncio.wait_for(told.wait(), 5)
        assert time.monotonic() - began < 2
    finally:
        kill.join()
        signal.signal(signal.SIGUSR1, before)
