"""Hands every line to every client: lines become a segment of the ring, it goes to all who are at its head.

A client that cannot take more leaves that *hot set*; nothing is queued for it, its cursor is all that is
kept, and it goes on from there when its transport drains. Must not know WebSockets, HTTP or Kafka.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from logs_service.frames import text_frame
from logs_service.ring import Evicted, Ring, Segment

SEGMENT_BYTES = 64 * 1024  # a flush is cut here: four of them fill a turn, and a full socket is noticed soon
TURN_BYTES = 256 * 1024  # what one client may catch up before the others have their turn; one socket buffer

# A flush waits for the tick so that lines share a system call. The tick follows the time that a pass over the
# clients takes: at four times that time the hub keeps a core busy for a fifth, and nobody waits over 20 ms.
TICK_SECONDS = 0.001
LONGEST_TICK_SECONDS = 0.020
TICK_PER_PASS = 4


class Scheduler(Protocol):
    """The part of an event loop that the hub needs."""

    def time(self) -> float: ...
    def call_soon(self, callback: Callable[..., object], *args: Any) -> object: ...
    def call_later(
        self, delay: float, callback: Callable[..., object], *args: Any
    ) -> asyncio.TimerHandle: ...


class Client:
    """Where one client stands. `write` takes whole frames; when it has had enough, `Hub.pause` is called."""

    write: Callable[[bytes], object]
    cursor = 0
    paused = False
    turn_due = False

    def fall_behind(self) -> None:
        """What comes next for this client is no longer in the ring."""
        raise NotImplementedError

    def keep_alive(self) -> None:
        """Called once a ping interval: find out whether somebody is still there."""
        raise NotImplementedError


class Hub:
    def __init__(self, ring: Ring, loop: Scheduler) -> None:
        self.ring = ring
        self.clients: set[Client] = set()
        self.hot: set[Client] = set()
        self.lines = self.flushes = self.written_bytes = self.fallen_behind = 0
        self.tick = TICK_SECONDS
        self._loop = loop
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._flush_timer: asyncio.TimerHandle | None = None
        self._last_flush = float("-inf")

    def publish(self, lines: Iterable[bytes]) -> None:
        """Send the lines: at once if the hub was quiet for a tick, else with all that come in the tick."""
        for line in lines:
            frame = text_frame(line)
            self._pending.append(frame)
            self._pending_bytes += len(frame)
            if self._pending_bytes >= SEGMENT_BYTES:
                self._flush()
        if self._pending and self._flush_timer is None:
            self._flush_in_time()

    def _flush_in_time(self) -> None:
        wait = self._last_flush + self.tick - self._loop.time()
        if wait <= 0:
            self._flush()
        else:
            self._flush_timer = self._loop.call_later(wait, self._flush)

    def _flush(self) -> None:
        if self._flush_timer is not None:
            self._flush_timer.cancel()
            self._flush_timer = None
        segment = Segment(b"".join(self._pending), len(self._pending))
        self._pending.clear()
        self._pending_bytes = 0
        self.ring.append(segment)
        self._pass_on(segment)

    def _pass_on(self, segment: Segment) -> None:
        started = self._loop.time()
        frames = segment.frames
        for client in tuple(self.hot):  # a copy: who has had enough leaves the set meanwhile
            client.write(frames)
        self.written_bytes += len(frames) * len(self.hot)
        self.lines += segment.lines
        self.flushes += 1
        self._last_flush = self._loop.time()
        self.tick = min(max((self._last_flush - started) * TICK_PER_PASS, TICK_SECONDS), LONGEST_TICK_SECONDS)

    def join(self, client: Client) -> None:
        """From now on. The first write comes in a later turn, when the transport knows its new protocol."""
        client.cursor = self.ring.head
        self.clients.add(client)
        self._give_turn(client)

    def leave(self, client: Client) -> None:
        self.clients.discard(client)
        self.hot.discard(client)

    def pause(self, client: Client) -> None:
        client.paused = True
        if client in self.hot:
            self.hot.remove(client)
            client.cursor = self.ring.head

    def resume(self, client: Client) -> None:
        client.paused = False
        self._give_turn(client)

    def _give_turn(self, client: Client) -> None:
        if client in self.clients and not client.turn_due:
            client.turn_due = True
            self._loop.call_soon(self._take_turn, client)

    def _take_turn(self, client: Client) -> None:
        client.turn_due = False
        if client.paused or client not in self.clients:
            return
        if client.cursor == self.ring.head:
            self.hot.add(client)
        else:
            self._catch_up(client)

    def _catch_up(self, client: Client) -> None:
        try:
            frames, client.cursor = self.ring.since(client.cursor, TURN_BYTES)
        except Evicted:
            self.fallen_behind += 1
            client.fall_behind()
            return
        client.write(frames)
        self.written_bytes += len(frames)
        if not client.paused:
            self._give_turn(client)
