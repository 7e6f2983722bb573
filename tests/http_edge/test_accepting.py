"""New connections are taken as many as wait, however long the event loop takes for a round."""

import asyncio
import socket

import uvloop

from http_edge.accepting import AT_ONCE, Doors
from http_edge.sockets import listen

ROUNDS = 5
NEWCOMERS = 60


class Guest(asyncio.Protocol):
    def __init__(self, guests: list["Guest"]) -> None:
        self._guests = guests

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._guests.append(self)


def test_all_who_wait_come_in_within_some_rounds() -> None:
    async def story() -> int:
        guests: list[Guest] = []
        (listening,) = listen("127.0.0.1", 0)
        doors = Doors([listening], lambda: Guest(guests))
        doors.open()
        waiting = [socket.create_connection(listening.getsockname()) for _ in range(NEWCOMERS)]
        for _ in range(ROUNDS):
            await asyncio.sleep(0.001)  # one round, with a look at the sockets
        doors.close()
        for client in [*waiting, listening]:
            client.close()
        for guest in guests:
            guest.transport.abort()  # type: ignore[attr-defined]
        return len(guests)

    assert NEWCOMERS < AT_ONCE
    assert uvloop.run(story()) == NEWCOMERS


def test_closed_doors_take_nobody() -> None:
    async def story() -> int:
        guests: list[Guest] = []
        (listening,) = listen("127.0.0.1", 0)
        doors = Doors([listening], lambda: Guest(guests))
        doors.open()
        doors.close()
        with socket.create_connection(listening.getsockname()):
            for _ in range(ROUNDS):
                await asyncio.sleep(0.001)
        listening.close()
        return len(guests)

    assert uvloop.run(story()) == 0
