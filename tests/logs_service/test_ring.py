"""The ring against a plain list that forgets nothing."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logs_service.filters import filter_of
from logs_service.forms import RAW, Envelope, Form, MetaFrames, behind, encoded
from logs_service.lines import Line
from logs_service.position import NOTHING, Mark, Position, covers, stamp
from logs_service.ring import Evicted, Ring

META = Form(MetaFrames(Envelope("logs")))
SIFTED = Form(META.encoding, filter_of({"regex": "^(xx)*$"}))
flushes = st.lists(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3), st.integers(0, 300)), min_size=1, max_size=4),
    max_size=25,
)


class Filled:
    """A ring, and everything that went into it."""

    def __init__(self, flushes: list[list[tuple[int, int, int]]], limit: int = 6000) -> None:
        self.ring = Ring(limit)
        self.start: Position = {0: Mark(9), 1: Mark(-1)}
        self.ring.start_at(self.start)
        self.segments: list[list[Line]] = []
        offsets = {partition: mark.offset for partition, mark in self.start.items()}
        for flush in flushes:
            self.segments.append([])
            for partition, gap, size in flush:
                offsets[partition] += 1 + gap
                offset = offsets[partition]
                self.segments[-1].append(Line(partition, offset, 7 * offset, b"x" * size))
            self.append(self.segments[-1])

    def append(self, lines: list[Line]) -> None:
        self.ring.append(lines, encoded(RAW, lines, {}))

    def position(self, count: int) -> Position:
        """Of whoever has the first so many lines."""
        return behind(self.lines[:count], self.start)

    @property
    def lines(self) -> list[Line]:
        return [line for segment in self.segments for line in segment]


@given(flushes, st.data(), st.sampled_from([RAW, META, SIFTED]))
def test_a_cursor_in_the_ring_gives_exactly_what_follows_it(
    flushes: list[list[tuple[int, int, int]]], data: st.DataObject, form: Form
) -> None:
    filled = Filled(flushes)
    ring = filled.ring
    cursor = data.draw(st.integers(ring.tail, ring.head))
    before = sum(map(len, filled.segments[:cursor]))
    expected = encoded(form, filled.lines[before:], filled.position(before))
    read = b""
    while cursor < ring.head:
        part, cursor = ring.since(cursor, data.draw(st.integers(1, 2000)), form)
        read += part
    assert read == expected


@given(flushes, st.integers(2000, 9000), st.data())
def test_the_bound_holds_with_every_form_that_was_made(
    flushes: list[list[tuple[int, int, int]]], bound: int, data: st.DataObject
) -> None:
    filled = Filled(flushes, bound)
    ring = filled.ring
    for cursor in range(ring.tail, ring.head):
        if cursor >= ring.tail and data.draw(st.booleans()):
            ring.encoded(cursor, META)
            assert cursor >= ring.tail - 1, "evicted further than the segment that grew"
        held = [ring.segment(one) for one in range(ring.tail, ring.head)]
        assert ring.bytes == sum(one.cost for one in held)
        assert ring.bytes <= bound or len(held) == 1


@given(flushes)
def test_no_more_is_evicted_than_the_bound_asks_for(flushes: list[list[tuple[int, int, int]]]) -> None:
    filled = Filled([])
    costs: list[int] = []
    for flush in Filled(flushes).segments:
        filled.append(flush)
        costs.append(filled.ring.segment(filled.ring.head - 1).cost)
    if filled.ring.tail:
        assert filled.ring.bytes + costs[filled.ring.tail - 1] > filled.ring.limit_bytes


@given(flushes, st.data())
def test_a_position_is_found_if_and_only_if_nothing_that_it_lacks_is_gone(
    flushes: list[list[tuple[int, int, int]]], data: st.DataObject
) -> None:
    filled = Filled(flushes)
    ring = filled.ring
    highest = {partition: mark.offset + 3 for partition, mark in ring.position.items()}
    position = {one: Mark(data.draw(st.integers(-1, most))) for one, most in highest.items()}
    gone = filled.lines[: sum(map(len, filled.segments[: ring.tail]))]
    lacks_some = any(line.offset > position[line.partition].offset for line in gone)
    cursor = ring.cursor_at(position)
    assert (cursor is None) == (lacks_some or not covers(position, filled.start))
    if cursor is not None:
        passed = [line for segment in filled.segments[:cursor] for line in segment]
        assert all(line.offset <= position[line.partition].offset for line in passed)
        if cursor < ring.head:
            assert any(line.offset > position[line.partition].offset for line in filled.segments[cursor]), (
                "it could have begun later"
            )


@given(flushes, st.data())
def test_it_knows_exactly_the_records_that_it_holds_and_the_last_that_it_gave_up(
    flushes: list[list[tuple[int, int, int]]], data: st.DataObject
) -> None:
    filled = Filled(flushes)
    ring = filled.ring
    count = data.draw(st.integers(0, len(filled.lines)))
    position = filled.position(count)
    assert ring.knows(position) == covers(position, ring.floor)
    line = data.draw(st.sampled_from(filled.lines)) if filled.lines else None
    if line is not None and ring.position[line.partition].offset >= line.offset:
        other_record = {**ring.position, line.partition: Mark(line.offset, stamp(line.time + 1))}
        assert not ring.knows(other_record)


def test_a_record_further_on_than_the_ring_is_not_known() -> None:
    filled = Filled([[(0, 0, 10)]])
    assert not filled.ring.knows({0: Mark(11, 1), 1: NOTHING})
    assert not filled.ring.knows({0: Mark(11), 1: NOTHING})


@given(flushes, st.integers(0, 100))
def test_the_last_lines_are_counted_back_to_the_line(
    flushes: list[list[tuple[int, int, int]]], count: int
) -> None:
    filled = Filled(flushes)
    held = sum(len(segment) for segment in filled.segments[filled.ring.tail :])
    position = filled.ring.before_last(count)
    if count > held:
        assert position is None
    else:
        assert position == filled.position(len(filled.lines) - count)


def test_after_a_new_start_nothing_of_before_is_there() -> None:
    filled = Filled([[(0, 0, 100)]] * 4)
    cursor = filled.ring.head - 1
    filled.ring.start_at({0: Mark(4)})
    with pytest.raises(Evicted):
        filled.ring.since(cursor, 1000)
    assert filled.ring.floor == filled.ring.position == {0: Mark(4)}
    assert filled.ring.bytes == 0


def test_at_the_head_there_is_nothing_to_give() -> None:
    assert Ring(1000).since(0, 100) == (b"", 0)


@pytest.mark.parametrize(("lines_a_segment", "size"), [(1, 200), (1, 5000), (100, 200)])
def test_the_bound_is_the_memory_that_it_takes(lines_a_segment: int, size: int) -> None:
    ring = Ring(2_000_000)
    ring.start_at({0: Mark(-1)})
    offset = 0
    tracemalloc.start()
    try:
        while not ring.tail:
            batch = [Line(0, offset + n, 1_795_000_000_000 + n, b"x" * size) for n in range(lines_a_segment)]
            offset += lines_a_segment
            ring.append(batch, encoded(RAW, batch, {}))
        del batch
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert 0.6 * ring.bytes < taken <= 1.02 * ring.bytes
