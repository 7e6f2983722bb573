"""Serves the clients that are behind the ring from Kafka, until the ring has what they lack.

A few readers for all of them. Nobody keeps one while he does not read, nor for long while others wait: what is left
of a turn is a position. Must not know WebSockets.
"""

import asyncio
from collections.abc import Iterable, Iterator

import structlog

from event_bus.backoff import Backoff
from event_bus.errors import Unavailable
from event_bus.settings import Broker
from logs_service.clients import Client
from logs_service.forms import behind, encoded
from logs_service.hub import TURN_BYTES, Hub
from logs_service.lines import Line
from logs_service.past import Loss, Past, past_of
from logs_service.position import NOTHING, Position
from logs_service.seen import Seen

# How long a reader waits for a client whose socket is full, and serves one while others wait. Each turn begins with
# reading what lies before it: about 50 ms.
PATIENCE_SECONDS = 1.0
TURN_SECONDS = 2.0
_ENVELOPE_BYTES = 200  # what a form may add to a line, about

log = structlog.get_logger()


class Replays:
    def __init__(self, hub: Hub, broker: Broker, topic: str, shown: Seen, readers: int) -> None:
        self._hub, self._broker, self._topic, self._shown = hub, broker, topic, shown
        self._most = readers
        self._waiting: asyncio.Queue[Client] = (
            asyncio.Queue()
        )  # each client once, so LOGS_MAX_CLIENTS bounds it
        self.readers = self.lines = self.losses = 0

    @property
    def waiting(self) -> int:
        return self._waiting.qsize()

    def take(self, client: Client) -> None:
        self._waiting.put_nowait(client)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(self._most):
                group.create_task(self._work())

    async def _work(self) -> None:
        """A reader lives as long as somebody waits."""
        backoff = Backoff(0.5)
        while True:
            client: Client | None = await self._waiting.get()
            try:
                self.readers += 1
                async with past_of(self._broker, self._topic, self._shown) as past:
                    while client is not None:
                        await self._serve(client, past)
                        self._release(client)
                        backoff.reset()
                        client = None if self._waiting.empty() else self._waiting.get_nowait()
            except Unavailable as error:
                log.warning("a replay waits", reason=str(error))
                await backoff.wait()
            finally:
                self.readers -= 1
                if client is not None:
                    self._release(client)

    def _release(self, client: Client) -> None:
        """It goes on in the ring, or waits for the next reader as soon as it can take more."""
        client.replaying = False
        self._hub.give_turn(client)

    async def _serve(self, client: Client, past: Past) -> None:
        """One turn of a client. Between looking into the ring and going on there nothing is awaited."""
        if client not in self._hub.clients:
            return
        begins = client.position
        if begins is None:
            begins = await past.place(client.start, client.form.filter)
        client.position, losses = await past.checked(begins)
        if losses and not self._tell(client, losses, client.position):
            return
        end = asyncio.get_running_loop().time() + TURN_SECONDS
        begun = False
        while await self._can_take_more(client) and not self._hub.enter(client, client.position):
            if not self._waiting.empty() and asyncio.get_running_loop().time() > end:
                return
            if not begun:
                await past.begin(client.position)
                begun = True
            lines, reached = await past.read(client.position)
            if await self._write(client, lines):
                client.position = _furthest(client.position, reached)

    async def _write(self, client: Client, lines: list[Line]) -> bool:
        """False if it did not take all of them."""
        for turn in _turns(lines):
            if not await self._can_take_more(client):
                return False
            has: Position = client.position or {}
            client.position = behind(turn, has)
            self.lines += len(turn)
            if parts := encoded(client.form, turn, has):
                client.write(parts)
                self._hub.written_bytes += len(parts)
        return True

    async def _can_take_more(self, client: Client) -> bool:
        await asyncio.sleep(0)  # the others have their turn
        if client.paused and client in self._hub.clients:
            drained = asyncio.Event()
            client.drained = drained.set
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await drained.wait()
            except TimeoutError:
                pass
            finally:
                client.drained = None
        return client in self._hub.clients and not client.paused

    def _tell(self, client: Client, losses: Iterable[Loss], position: Position) -> bool:
        """Once: whoever comes back with the token that goes with it is behind the gap. False: it was closed."""
        self.losses += 1
        for loss in losses:
            place = {"topic": self._topic, "partition": loss.partition, "reason": loss.reason}
            count = {"from": loss.first, "to": loss.last, "count": loss.count}
            told = client.form.encoding.notice("lost", position, **place, **count)
            if told is None:
                client.lose(position)
                return False
            client.write(told)
        return True


def _turns(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """What may be written at once."""
    turn: list[Line] = []
    size = 0
    for line in lines:
        size += len(line.text) + _ENVELOPE_BYTES
        if turn and size > TURN_BYTES:
            yield turn
            turn, size = [], len(line.text) + _ENVELOPE_BYTES
        turn.append(line)
    if turn:
        yield turn


def _furthest(position: Position, reached: Position) -> Position:
    return {
        partition: max(position.get(partition, NOTHING), mark, key=lambda one: one.offset)
        for partition, mark in reached.items()
    }
