"""New connections are taken as many as wait, however long the event loop takes for a round."""

import asyncio
import errno
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
import uvloop

from http_edge import accepting
from http_edge.accepting import LEAST, MOST, PACE, Doors
from http_edge.sockets import listen

ROUNDS = 20
NEWCOMERS = 100


class Guest(asyncio.Protocol):
    def __init__(self, guests: list["Guest"]) -> None:
        self._guests = guests

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._guests.append(self)


@contextmanager
def opened(listening: socket.socket) -> Iterator[list[Guest]]:
    """Those who came in, while the doors are open and afterwards."""
    guests: list[Guest] = []
    doors = Doors([listening], lambda: Guest(guests))
    doors.open()
    try:
        yield guests
    finally:
        doors.close()
        listening.close()
        for guest in guests:
            guest.transport.abort()  # type: ignore[attr-defined]


def come(listening: socket.socket, count: int) -> list[socket.socket]:
    return [socket.create_connection(listening.getsockname()) for _ in range(count)]


def go(clients: Sequence[socket.socket]) -> None:
    for client in clients:
        client.close()


async def rounds(count: int = ROUNDS) -> None:
    """Each with a look at the sockets."""
    for _ in range(count):
        await asyncio.sleep(0)


def test_all_who_wait_come_in_within_some_rounds() -> None:
    async def story() -> int:
        (listening,) = listen("127.0.0.1", 0)
        with opened(listening) as guests:
            clients = come(listening, NEWCOMERS)
            await rounds()
        go(clients)
        return len(guests)

    assert NEWCOMERS < MOST
    assert uvloop.run(story()) == NEWCOMERS


class Counting(socket.socket):
    """How many were taken."""

    taken = 0

    def accept(self) -> tuple[socket.socket, object]:
        found = super().accept()
        self.taken += 1
        return found


def test_few_come_in_while_the_loop_turns_quickly_and_many_when_a_round_was_long() -> None:
    async def story() -> tuple[int, float, int]:
        listening = Counting()
        listening.bind(("127.0.0.1", 0))
        listening.listen(NEWCOMERS)
        with opened(listening) as guests:
            clients = come(listening, 1)
            began = time.monotonic()
            while not listening.taken:
                await rounds(1)
            clients += come(listening, NEWCOMERS)
            while listening.taken == 1:
                await rounds(1)
            few, passed = listening.taken - 1, time.monotonic() - began
            time.sleep(NEWCOMERS / PACE * 1.1)  # noqa: ASYNC251  # a round that keeps all of them waiting
            await rounds(1)
            many = listening.taken - 1
            while len(guests) < listening.taken:
                await rounds(1)
        go(clients)
        return few, passed, many

    few, passed, many = uvloop.run(story())
    assert 1 <= few <= max(LEAST, passed * PACE)
    assert many == NEWCOMERS


def test_closed_doors_take_nobody() -> None:
    async def story() -> int:
        guests: list[Guest] = []
        (listening,) = listen("127.0.0.1", 0)
        doors = Doors([listening], lambda: Guest(guests))
        doors.open()
        doors.close()
        clients = come(listening, 1)
        await rounds()
        go([*clients, listening])
        return len(guests)

    assert uvloop.run(story()) == 0


class Full(socket.socket):
    """A port of a process that has no file left, the first time somebody comes."""

    asked = 0

    def accept(self) -> tuple[socket.socket, object]:
        self.asked += 1
        if self.asked == 1:
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


def test_without_a_file_for_him_a_newcomer_waits_and_nobody_turns_in_circles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(accepting, "PAUSE_SECONDS", 0.05)

    async def story() -> tuple[int, int]:
        listening = Full()
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        with opened(listening) as guests:
            clients = come(listening, 1)
            await rounds()
            asked = listening.asked
            async with asyncio.timeout(5):
                while not guests:
                    await rounds(1)
        go(clients)
        return asked, len(guests)

    assert uvloop.run(story()) == (1, 1)
