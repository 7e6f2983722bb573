"""Hands every line to every client: lines become a segment of the ring, it goes to all who are at its head.

A client that cannot take more leaves the *hot set*; nothing is queued for it, its place is all that is kept, and it
goes on from there when its transport drains. Who is behind the ring is given to `behind`, and comes back by `enter`.
Must not know WebSockets, HTTP or Kafka.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from logs_service.clients import NOWHERE, Client
from logs_service.forms import PROGRESS, Form, behind, encoded
from logs_service.frames import text_frame
from logs_service.lines import Line
from logs_service.pace import Pace
from logs_service.position import NOTHING, Position
from logs_service.ring import Ring
from logs_service.wishes import After, Last, Now

SEGMENT_BYTES = 64 * 1024  # a flush is cut here: four of them fill a turn, and a full socket is noticed soon
TURN_BYTES = 256 * 1024  # what one client may catch up before the others have their turn; one socket buffer


class Scheduler(Protocol):
    """The part of an event loop that the hub needs."""

    def time(self) -> float: ...
    def call_soon(self, callback: Callable[..., object], *args: Any) -> object: ...
    def call_later(
        self, delay: float, callback: Callable[..., object], *args: Any
    ) -> asyncio.TimerHandle: ...


class Hub:
    def __init__(self, ring: Ring, loop: Scheduler) -> None:
        self.ring = ring
        self.clients: set[Client] = set()
        self.behind: Callable[[Client], object] = self._let_go
        self.lines = self.flushes = self.written_bytes = self.fallen_behind = 0
        self.pace = Pace()
        self.opened = False
        self._hot: defaultdict[Form, set[Client]] = defaultdict(set)
        self._ahead: set[Client] = set()  # at the head, with lines that this hub has not seen yet
        self._loop = loop
        self._pending: list[Line] = []
        self._pending_frames: list[bytes] = []
        self._pending_bytes = 0
        self._flush_timer: asyncio.TimerHandle | None = None
        self._last_flush = float("-inf")

    @property
    def hot(self) -> set[Client]:
        """Who has everything, and gets each line at once."""
        return set().union(*self._hot.values())

    # Lines

    def publish(self, lines: Sequence[Line]) -> None:
        """Send the lines: at once if the hub was quiet for a tick, else with all that come in the tick."""
        self.pace.published(len(lines), self._loop.time())
        for line in lines:
            frame = text_frame(line.text)
            self._pending.append(line)
            self._pending_frames.append(frame)
            self._pending_bytes += len(frame)
            if self._pending_bytes >= SEGMENT_BYTES:
                self._flush()
        if self._pending and self._flush_timer is None:
            self._flush_in_time()

    def _flush_in_time(self) -> None:
        wait = self._last_flush + self.pace.tick - self._loop.time()
        if wait <= 0:
            self._flush()
        else:
            self._flush_timer = self._loop.call_later(wait, self._flush)

    def _flush(self) -> None:
        if self._flush_timer is not None:
            self._flush_timer.cancel()
            self._flush_timer = None
        lines, before = self._pending, self.ring.position
        self.ring.append(lines, b"".join(self._pending_frames))
        self.lines += len(lines)
        self.flushes += 1
        self._pending, self._pending_frames, self._pending_bytes = [], [], 0
        self._pass_on(lines, before)

    def _pass_on(self, lines: Sequence[Line], before: Position) -> None:
        """To all at the head. The filters are asked of the same objects, so that a line is read once for all."""
        started = self._loop.time()
        newest = self.ring.head - 1
        for form, clients in tuple(self._hot.items()):
            if form.filter is None:
                self._write_to_all(clients, self.ring.encoded(newest, form))
            else:
                self._write_to_all(clients, encoded(form, lines, before))
        self._give_turns(self._ahead)
        self._last_flush = self._loop.time()
        self.pace.passed(self._last_flush - started)

    def _write_to_all(self, clients: set[Client], segment: bytes) -> None:
        if not segment:  # nothing of it was wanted
            return
        for client in tuple(clients):  # a copy: who has had enough leaves the set meanwhile
            client.write(segment)
            self.written_bytes += len(segment)

    def flush(self) -> None:
        """Do not wait for the tick: who asks for what there is now shall have all of it."""
        if self._pending:
            self._flush()

    def open(self, now: Position) -> None:
        """The ring has what was before. Who came meanwhile begins; who wanted the present, at `now`."""
        self.opened = True
        for client in tuple(self.clients):
            if not isinstance(client.start, Now) or not self.enter(client, now):
                self._begin(client)

    def start_over(self, moved: Position) -> None:
        """What follows here does not continue what was: all go on by way of Kafka, which tells what is lost."""
        self.flush()
        for client in self.clients:
            if self._cool(client) or client.cursor != NOWHERE:
                client.cursor = NOWHERE
                self.give_turn(client)
        self._ahead.clear()
        self.ring.start_at({**self.ring.position, **moved})

    # Clients

    def join(self, client: Client) -> None:
        """It begins where it wants to, in a later turn: by then the transport knows its new protocol."""
        self.clients.add(client)
        if self.opened:
            self._loop.call_soon(self._begin, client)

    def leave(self, client: Client) -> None:
        self.clients.discard(client)
        self._ahead.discard(client)
        self._cool(client)
        if client.drained is not None:
            client.drained()

    def pause(self, client: Client) -> None:
        client.paused = True
        self._cool(client)

    def resume(self, client: Client) -> None:
        client.paused = False
        if client.drained is not None:
            client.drained()
        else:
            self.give_turn(client)

    def enter(self, client: Client, position: Position) -> bool:
        """Go on in the ring behind this position; False if that is no longer, or not yet, there."""
        cursor = self.ring.cursor_at(position)
        if cursor is None:
            return False
        known = {partition: position.get(partition, NOTHING) for partition in self.ring.position}
        client.cursor, client.position = cursor, known
        self.give_turn(client)
        return True

    def tell_progress(self, client: Client) -> None:
        """From time to time: a filter may keep somebody waiting for long, and his token is to go on all the same."""
        if client.form.filter is None or client.paused or client.replaying:
            return
        position = self.ring.position if self._is_hot(client) else client.position
        if position and (told := client.form.encoding.notice(PROGRESS, position)):
            client.write(told)

    def _begin(self, client: Client) -> None:
        if client not in self.clients:
            return
        position = self._known_place(client)
        if position is None or not self.enter(client, position):
            self._go_behind(client)

    def _known_place(self, client: Client) -> Position | None:
        """Where it begins, if that can be said without asking Kafka."""
        match client.start:
            case Now():
                return self.ring.position
            case Last(count) if client.form.filter is None:
                return self.ring.before_last(count)
            case After(position) if self.ring.knows(position):
                return position
        return None

    def _cool(self, client: Client) -> bool:
        """Take it out of the hot set, if it is there: from now on its place is its own."""
        if not self._is_hot(client):
            return False
        self._hot[client.form].remove(client)
        if not self._hot[client.form]:
            del self._hot[client.form]
        client.cursor, client.position = self.ring.head, self.ring.position
        return True

    def _is_hot(self, client: Client) -> bool:
        return client in self._hot.get(client.form, ())

    # Turns

    def _give_turns(self, clients: Iterable[Client]) -> None:
        for client in tuple(clients):
            self.give_turn(client)

    def give_turn(self, client: Client) -> None:
        if client in self.clients and not client.turn_due:
            client.turn_due = True
            self._loop.call_soon(self._take_turn, client)

    def _take_turn(self, client: Client) -> None:
        client.turn_due = False
        self._ahead.discard(client)
        if client.paused or client.replaying or client not in self.clients:
            return
        if client.cursor < self.ring.tail:
            self._fall_behind(client)
        elif not _has_more(client.position or {}, self.ring.before(client.cursor)):
            self._follow(client)
        elif client.cursor < self.ring.head:
            self._sift(client)
        else:
            self._ahead.add(client)
            client.caught_up()

    def _follow(self, client: Client) -> None:
        if client.cursor == self.ring.head:
            self._hot[client.form].add(client)
            client.caught_up()
            return
        segments, client.cursor = self.ring.since(client.cursor, TURN_BYTES, client.form)
        client.position = self.ring.before(client.cursor)
        self._write(client, segments)

    def _sift(self, client: Client) -> None:
        """It has some of the next segment: what it lacks of it, in frames of its own."""
        has: Position = client.position or {}
        segment = self.ring.segment(client.cursor)
        lacking = [line for line in segment.lines() if line.offset > has.get(line.partition, NOTHING).offset]
        client.cursor += 1
        client.position = behind(lacking, has)
        self._write(client, encoded(client.form, lacking, has))

    def _write(self, client: Client, parts: bytes) -> None:
        if parts:
            client.write(parts)
            self.written_bytes += len(parts)
        if not client.paused:
            self.give_turn(client)

    def _fall_behind(self, client: Client) -> None:
        if client.cursor != NOWHERE:
            self.fallen_behind += 1
            client.cursor = NOWHERE
            if client.close_when_slow:
                client.fall_behind(client.position or {})
                return
        self._go_behind(client)

    def _go_behind(self, client: Client) -> None:
        client.replaying = True
        self.behind(client)

    def _let_go(self, client: Client) -> None:
        client.fall_behind(client.position or {})


def _has_more(position: Position, other: Position) -> bool:
    if position is other:
        return False
    return any(mark.offset > other.get(partition, NOTHING).offset for partition, mark in position.items())
