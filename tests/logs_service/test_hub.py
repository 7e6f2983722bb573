"""Every client gets exactly the lines after its cursor, once and in order, however clients pause and leave."""

import heapq
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from logs_service.hub import LONGEST_TICK_SECONDS, SEGMENT_BYTES, TURN_BYTES, Client, Hub
from logs_service.ring import Ring
from tests.logs_service.test_frames import read_frames


class Timer:
    def __init__(self, callback: Callable[[], object]) -> None:
        self.callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        self.callback = None


class Loop:
    """An event loop whose time is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self._order = itertools.count()
        self._timers: list[tuple[float, int, Timer]] = []

    def time(self) -> float:
        return self.now

    def call_soon(self, callback: Callable[..., object], *args: Any) -> Any:
        return self.call_later(0, callback, *args)

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any) -> Any:
        timer = Timer(lambda: callback(*args))
        heapq.heappush(self._timers, (self.now + delay, next(self._order), timer))
        return timer

    def pass_time(self, seconds: float) -> None:
        end = self.now + seconds
        while self._timers and self._timers[0][0] <= end:
            self.now, _, timer = heapq.heappop(self._timers)
            if timer.callback is not None:
                timer.callback()
        self.now = end


class Reader(Client):
    """A client whose transport is full above `room` bytes, until it is drained. A write takes `cost` seconds."""

    def __init__(self, hub: Hub, loop: Loop, room: int, cost: float = 0.0) -> None:
        self.hub = hub
        self.loop = loop
        self.room = room
        self.cost = cost
        self.unread = 0
        self.largest_write = 0
        self.received = b""
        self.fallen = False
        self.write = self._write

    def _write(self, data: bytes) -> None:
        assert not self.paused, "written to while paused"
        self.loop.now += self.cost
        self.received += data
        self.unread += len(data)
        self.largest_write = max(self.largest_write, len(data))
        if self.unread > self.room:
            self.hub.pause(self)

    def fill(self) -> None:
        """The answer to a ping can be what fills the transport, at any time."""
        if not self.paused:
            self.unread = self.room + 1
            self.hub.pause(self)

    def drain(self) -> None:
        self.unread = 0
        if self.paused:
            self.hub.resume(self)

    def fall_behind(self) -> None:
        self.fallen = True
        self.hub.leave(self)

    def lines(self) -> list[bytes]:
        return [bytes(frame.data) for frame in read_frames(self.received)]


class AnyInterleaving(RuleBasedStateMachine):
    """Publishing, connecting, pausing, draining, leaving and time, in any order, over a ring of about ten lines."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = Loop()
        self.hub = Hub(Ring(3000), self.loop)
        self.published: list[bytes] = []
        self.clients: list[tuple[Reader, int]] = []  # with the number of the first line that it must get

    @rule(sizes=st.lists(st.integers(0, 200), min_size=1, max_size=5))
    def publish(self, sizes: list[int]) -> None:
        lines = [b"%d " % (len(self.published) + number) + b"x" * size for number, size in enumerate(sizes)]
        self.published += lines
        self.hub.publish(lines)

    @rule(room=st.sampled_from([0, 100, 1000, 100_000]))
    def connect(self, room: int) -> None:
        reader = Reader(self.hub, self.loop, room)
        self.clients.append((reader, self.hub.lines))
        self.hub.join(reader)

    @precondition(lambda self: self.clients)
    @rule(data=st.data())
    def drain(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from(self.clients))[0].drain()

    @precondition(lambda self: self.clients)
    @rule(data=st.data())
    def fill(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from(self.clients))[0].fill()

    @precondition(lambda self: self.clients)
    @rule(data=st.data())
    def disconnect(self, data: st.DataObject) -> None:
        gone = data.draw(st.sampled_from(self.clients))
        self.clients.remove(gone)
        self.hub.leave(gone[0])

    @rule(seconds=st.sampled_from([0.0, 0.0005, 0.1]))
    def pass_time(self, seconds: float) -> None:
        self.loop.pass_time(seconds)

    @invariant()
    def nobody_has_seen_anything_but_the_next_lines(self) -> None:
        for client, first in self.clients:
            seen = client.lines()
            assert seen == self.published[first : first + len(seen)]

    @invariant()
    def who_is_hot_is_neither_paused_nor_gone(self) -> None:
        assert all(not client.paused for client in self.hub.hot)
        assert self.hub.hot <= self.hub.clients

    def teardown(self) -> None:
        self.loop.pass_time(0.1)
        for _ in range(len(self.published) + 1):  # each drain gives a client at least one segment
            for client, _ in self.clients:
                client.drain()
            self.loop.pass_time(0.1)
        for client, first in self.clients:
            assert client.fallen or client.lines() == self.published[first:]
        assert self.hub.fallen_behind >= sum(client.fallen for client, _ in self.clients)


TestAnyInterleaving = AnyInterleaving.TestCase


def hub_with(*, room: int = 10**9, cost: float = 0.0, clients: int = 1) -> tuple[Loop, Hub, list[Reader]]:
    loop = Loop()
    hub = Hub(Ring(10**8), loop)
    readers = [Reader(hub, loop, room, cost) for _ in range(clients)]
    for reader in readers:
        hub.join(reader)
    loop.pass_time(1)
    return loop, hub, readers


def test_after_a_quiet_moment_a_line_goes_out_at_once() -> None:
    _, hub, (reader,) = hub_with()
    hub.publish([b"now"])
    assert reader.lines() == [b"now"]


def test_lines_of_one_tick_share_one_write() -> None:
    loop, hub, (reader,) = hub_with()
    hub.publish([b"first"])
    for number in range(10):
        hub.publish([b"%d" % number])
    assert reader.lines() == [b"first"]
    loop.pass_time(LONGEST_TICK_SECONDS)
    assert len(reader.lines()) == 11
    assert hub.flushes == 2


@pytest.mark.parametrize(("pass_seconds", "tick"), [(0.0001, 0.001), (0.002, 0.008), (0.1, 0.020)])
def test_the_tick_grows_with_the_time_of_a_pass_within_its_limits(pass_seconds: float, tick: float) -> None:
    _, hub, _ = hub_with(cost=pass_seconds)
    hub.publish([b"line"])
    assert hub.tick == pytest.approx(tick)


def test_a_burst_is_cut_into_segments_and_turns() -> None:
    loop, hub, (reader,) = hub_with(room=SEGMENT_BYTES)
    hub.publish([b"x" * 1000] * 2000)
    assert len(reader.received) < 3 * SEGMENT_BYTES
    reader.drain()
    loop.pass_time(1)
    assert SEGMENT_BYTES < reader.largest_write <= TURN_BYTES


def test_a_full_client_keeps_nobody_waiting() -> None:
    _, hub, (first, second) = hub_with(room=10, clients=2)
    hub.publish([b"a line that fills both"])
    second.drain()
    hub._loop.call_soon(hub.publish, [b"the next"])
    first.hub._loop.pass_time(1)  # type: ignore[attr-defined]
    assert len(first.lines()) == 1
    assert len(second.lines()) == 2


def test_a_client_begins_with_the_lines_after_it_joined() -> None:
    loop, hub, _ = hub_with()
    hub.publish([b"before"])
    late = Reader(hub, loop, 10**9)
    hub.join(late)
    loop.pass_time(1)
    hub.publish([b"after"])
    assert late.lines() == [b"after"]
