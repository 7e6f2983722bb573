"""Every client gets exactly the lines after its place, once and in order, however clients pause, leave and return."""

import heapq
import itertools
import json
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from logs_service.clients import Client
from logs_service.filters import filter_of
from logs_service.forms import RAW, Envelope, Form, MetaFrames, behind, encoded
from logs_service.hub import SEGMENT_BYTES, TURN_BYTES, Hub
from logs_service.lines import Line
from logs_service.pace import LONGEST_TICK_SECONDS
from logs_service.position import Mark, Position, position_of, stamp
from logs_service.ring import Ring
from logs_service.wishes import After, Last, Now, Start
from tests.logs_service.serving import numbered
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

    def __init__(self, hub: Hub, loop: Loop, room: int, cost: float = 0.0, form: Form = RAW) -> None:
        self.hub = hub
        self.loop = loop
        self.room = room
        self.cost = cost
        self.form = form
        self.unread = 0
        self.largest_write = 0
        self.received = b""
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

    def texts(self) -> list[bytes]:
        return [bytes(frame.data) for frame in read_frames(self.received)]


PARTITIONS = (0, 1)
META = MetaFrames(Envelope("logs"))
EVEN = filter_of({"regex": "^[0-9]*[02468] "})
LONG = filter_of({"contains": "x" * 100})
FORMS = [RAW, Form(META), Form(RAW.encoding, EVEN), Form(META, EVEN), Form(META, LONG)]


class Topic:
    """What is in Kafka: every line, of which a hub has seen the first ones."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._next = dict.fromkeys(PARTITIONS, 0)

    def write(self, partition: int, gap: int, size: int) -> None:
        offset = self._next[partition] + gap  # commit markers and repetitions lie between
        self._next[partition] = offset + 1
        text = b"%d " % len(self.lines) + b"x" * size
        self.lines.append(Line(partition, offset, 1000 + len(self.lines), text))

    def position(self, counts: tuple[int, int]) -> dict[int, Mark]:
        """Of whoever has so many lines of each partition."""
        position = {partition: Mark(-1) for partition in PARTITIONS}
        for partition, count in zip(PARTITIONS, counts, strict=True):
            for line in [one for one in self.lines if one.partition == partition][:count]:
                position[partition] = Mark(line.offset, stamp(line.time))
        return position

    def after(self, position: Position, form: Form) -> dict[int, list[bytes]]:
        return {
            partition: [
                line.text
                for line in self.lines
                if line.partition == partition
                and line.offset > position[partition].offset
                and (form.filter is None or line in form.filter)
            ]
            for partition in PARTITIONS
        }


class AnyInterleaving(RuleBasedStateMachine):
    """Two partitions, a ring of about ten lines, and clients who begin anywhere: also further on than this hub is,
    since they come from another one. Who is behind the ring is served from the topic, some lines at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = Loop()
        self.topic = Topic()
        self.hub = Hub(Ring(9000), self.loop)
        self.hub.ring.start_at({partition: Mark(-1) for partition in PARTITIONS})
        self.hub.behind = self.take_behind
        self.seen = 0  # lines of the topic that the hub has
        self.clients: list[tuple[Reader, Position | None]] = []
        self.behind: list[Reader] = []
        self.came: list[Reader] = []
        self.hub.open({})

    def take_behind(self, client: Client) -> None:
        assert isinstance(client, Reader)
        assert client not in self.behind
        self.behind.append(client)

    @rule(
        partition=st.sampled_from(PARTITIONS),
        gap=st.integers(0, 2),
        sizes=st.lists(st.integers(0, 200), max_size=5),
    )
    def write(self, partition: int, gap: int, sizes: list[int]) -> None:
        for size in sizes:
            self.topic.write(partition, gap, size)

    @rule(count=st.integers(1, 8))
    def feed(self, count: int) -> None:
        """The hub reads on."""
        new = self.topic.lines[self.seen : self.seen + count]
        self.seen += len(new)
        if new:
            self.hub.publish(new)

    @rule(room=st.sampled_from([0, 100, 1000, 100_000]), form=st.sampled_from(FORMS), data=st.data())
    def connect(self, room: int, form: Form, data: st.DataObject) -> None:
        """As a rule where somebody could have been before: up to a line of each partition, here or elsewhere."""
        count = [sum(line.partition == one for line in self.topic.lines) for one in PARTITIONS]
        position = self.topic.position(
            (data.draw(st.integers(0, count[0])), data.draw(st.integers(0, count[1])))
        )
        reader = Reader(self.hub, self.loop, room, form=form)
        reader.start = After(position)
        self.came.append(reader)
        self.clients.append((reader, position))
        self.hub.join(reader)

    @rule(room=st.sampled_from([0, 100_000]), start=st.sampled_from([Now(), Last(0), Last(1), Last(3)]))
    def connect_here(self, room: int, start: Start) -> None:
        self.loop.pass_time(0.1)
        if isinstance(start, Last) and self.hub.ring.before_last(start.count) is None:
            return
        reader = Reader(self.hub, self.loop, room)
        reader.start = start
        self.came.append(reader)
        missing = start.count if isinstance(start, Last) else 0
        before = self.topic.lines[: self.seen - missing]
        counts = [sum(line.partition == one for line in before) for one in PARTITIONS]
        self.clients.append((reader, self.topic.position((counts[0], counts[1]))))
        self.hub.join(reader)
        self.loop.pass_time(0)

    @precondition(lambda self: self.behind)
    @rule(data=st.data(), count=st.integers(1, 5))
    def replay(self, data: st.DataObject, count: int) -> None:
        """What `Replays` does: look into the ring, else a batch from the topic, as far as the client takes it."""
        # In the order in which they came: that in which the hub names them is that of a set.
        client = data.draw(st.sampled_from(sorted(self.behind, key=self.came.index)))
        self.serve_from_the_topic(client, count)

    def serve_from_the_topic(self, client: Reader, count: int) -> None:
        if client.position is None:
            assert isinstance(client.start, After)
            client.position = client.start.position
        if client not in self.hub.clients:
            self.behind.remove(client)
        elif (not client.paused and self.hub.enter(client, client.position)) or client.paused:
            self.let_go(client)
        else:
            has = client.position
            lacking = [line for line in self.topic.lines if line.offset > has[line.partition].offset][:count]
            client.position = behind(lacking, has)
            if parts := encoded(client.form, lacking, has):
                client.write(parts)

    def let_go(self, client: Reader) -> None:
        self.behind.remove(client)
        client.replaying = False
        self.hub.give_turn(client)

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

    @rule()
    def tell_progress(self) -> None:
        for client, _ in self.clients:
            self.hub.tell_progress(client)

    @rule()
    def start_over(self) -> None:
        """The hub lost its own place and begins again where it is."""
        self.hub.start_over({})

    @rule(seconds=st.sampled_from([0.0, 0.0005, 0.1]))
    def pass_time(self, seconds: float) -> None:
        self.loop.pass_time(seconds)

    @invariant()
    def nobody_has_seen_anything_but_the_next_lines(self) -> None:
        for client, first in self.clients:
            assert first is not None
            self.check(client, first)

    def check(self, client: Reader, first: Position) -> int:
        """What it got is the next lines that it wants; how many. Each token stands where they end."""
        partition_of = {line.text: line.partition for line in self.topic.lines}
        expected = self.topic.after(first, client.form)
        got: dict[int, list[bytes]] = {partition: [] for partition in PARTITIONS}
        for text in client.texts():
            message = json.loads(text) if client.form.encoding is META else {"line": text.decode()}
            if "notice" not in message:
                line = message["line"].encode()
                got[partition_of[line]].append(line)
            if "token" in message:
                left = self.topic.after(position_of(message["token"]), client.form)
                assert left == {one: expected[one][len(got[one]) :] for one in PARTITIONS}
        for partition in PARTITIONS:
            assert got[partition] == expected[partition][: len(got[partition])]
        return sum(map(len, got.values()))

    @invariant()
    def who_is_hot_is_neither_paused_nor_gone(self) -> None:
        assert all(not client.paused for client in self.hub.hot)
        assert self.hub.hot <= self.hub.clients

    def teardown(self) -> None:
        self.feed(len(self.topic.lines) + 1)
        self.loop.pass_time(0.1)
        for _ in range(2 * len(self.topic.lines) + 3):  # each drain gives a client at least a line
            for client, _ in self.clients:
                client.drain()
            for client in tuple(self.behind):
                self.serve_from_the_topic(client, 3)
            self.loop.pass_time(0.1)
        for client, first in self.clients:
            assert first is not None
            wanted = self.topic.after(first, client.form)
            assert self.check(client, first) == sum(map(len, wanted.values()))


TestAnyInterleaving = AnyInterleaving.TestCase
# A slow machine is no fault of the hub.
TestAnyInterleaving.settings = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def hub_with(*, room: int = 10**9, cost: float = 0.0, clients: int = 1) -> tuple[Loop, Hub, list[Reader]]:
    loop = Loop()
    hub = Hub(Ring(10**8), loop)
    hub.open({})
    readers = [Reader(hub, loop, room, cost) for _ in range(clients)]
    for reader in readers:
        hub.join(reader)
    loop.pass_time(1)
    return loop, hub, readers


OFFSETS = itertools.count()


def lines(*texts: bytes) -> list[Line]:
    return numbered(OFFSETS, texts)


def test_after_a_quiet_moment_a_line_goes_out_at_once() -> None:
    _, hub, (reader,) = hub_with()
    hub.publish(lines(b"now"))
    assert reader.texts() == [b"now"]


def test_lines_of_one_tick_share_one_write() -> None:
    loop, hub, (reader,) = hub_with()
    hub.publish(lines(b"first"))
    for number in range(10):
        hub.publish(lines(b"%d" % number))
    assert reader.texts() == [b"first"]
    loop.pass_time(LONGEST_TICK_SECONDS)
    assert len(reader.texts()) == 11
    assert hub.flushes == 2


def test_a_burst_is_cut_into_segments_and_turns() -> None:
    loop, hub, (reader,) = hub_with(room=SEGMENT_BYTES)
    hub.publish(lines(*[b"x" * 1000] * 2000))
    assert len(reader.received) < 3 * SEGMENT_BYTES
    reader.drain()
    loop.pass_time(1)
    assert SEGMENT_BYTES < reader.largest_write <= TURN_BYTES


def test_a_full_client_keeps_nobody_waiting() -> None:
    _, hub, (first, second) = hub_with(room=10, clients=2)
    hub.publish(lines(b"a line that fills both"))
    second.drain()
    hub._loop.call_soon(hub.publish, lines(b"the next"))
    first.loop.pass_time(1)
    assert len(first.texts()) == 1
    assert len(second.texts()) == 2


def test_a_client_begins_with_the_lines_after_it_joined() -> None:
    loop, hub, _ = hub_with()
    hub.publish(lines(b"before"))
    late = Reader(hub, loop, 10**9)
    hub.join(late)
    loop.pass_time(1)
    hub.publish(lines(b"after"))
    assert late.texts() == [b"after"]


def test_who_comes_before_the_hub_is_filled_gets_what_comes_from_its_start_on() -> None:
    loop = Loop()
    hub = Hub(Ring(10**8), loop)
    hub.ring.start_at({0: Mark(-1)})
    early = Reader(hub, loop, 10**9)
    hub.join(early)
    offsets = itertools.count()
    hub.publish(numbered(offsets, [b"written before the start"] * 3))
    loop.pass_time(1)
    hub.publish(numbered(offsets, [b"written since"] * 2))
    loop.pass_time(1)
    assert early.texts() == []
    hub.open({0: Mark(2)})
    loop.pass_time(1)
    hub.publish(numbered(offsets, [b"live"]))
    assert early.texts() == [b"written since", b"written since", b"live"]


def test_lines_that_waited_when_the_topic_was_made_anew_do_not_come_behind_the_new_start() -> None:
    loop, hub, (reader,) = hub_with()
    hub.behind = lambda client: None
    hub.publish(lines(b"at once"))
    hub.publish(lines(b"in the tick"))
    hub.start_over({0: Mark(-1)})
    loop.pass_time(1)
    assert reader.texts() == [b"at once", b"in the tick"]
    assert hub.ring.position == hub.ring.floor == {0: Mark(-1)}
