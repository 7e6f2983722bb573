"""The ring against a plain list that forgets nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logs_service.ring import Evicted, Ring, Segment

segments = st.lists(st.binary(min_size=1, max_size=300).map(lambda frames: Segment(frames, 1)), max_size=40)


@given(segments, st.integers(256, 4000), st.data())
def test_a_cursor_in_the_ring_gives_exactly_what_follows_it(
    appended: list[Segment], bound: int, data: st.DataObject
) -> None:
    ring = Ring(bound)
    for segment in appended:
        ring.append(segment)
    cursor = data.draw(st.integers(ring.tail, ring.head))
    expected = b"".join(segment.frames for segment in appended[cursor:])
    read = b""
    while cursor < ring.head:
        frames, cursor = ring.since(cursor, data.draw(st.integers(1, 500)))
        read += frames
    assert read == expected


@given(segments, st.integers(256, 4000))
def test_the_bound_holds_except_for_the_newest_segment(appended: list[Segment], bound: int) -> None:
    ring = Ring(bound)
    for segment in appended:
        ring.append(segment)
        held = appended[ring.tail : ring.head]
        assert ring.bytes == sum(one.cost for one in held)
        assert ring.bytes <= bound or held == [segment]


@given(segments, st.integers(256, 4000))
def test_no_more_is_evicted_than_the_bound_asks_for(appended: list[Segment], bound: int) -> None:
    ring = Ring(bound)
    for segment in appended:
        ring.append(segment)
    if ring.tail:
        assert ring.bytes + appended[ring.tail - 1].cost > bound


@given(segments, st.integers(1, 500))
def test_a_turn_is_as_long_as_the_limit_allows(appended: list[Segment], limit: int) -> None:
    ring = Ring(1_000_000)
    for segment in appended:
        ring.append(segment)
    cursor = 0
    while cursor < ring.head:
        before = cursor
        frames, cursor = ring.since(before, limit)
        assert len(frames) <= limit or cursor == before + 1
        assert cursor == ring.head or len(frames) + len(appended[cursor].frames) > limit


def test_a_cursor_that_fell_out_is_told_so() -> None:
    ring = Ring(600)
    for _ in range(5):
        ring.append(Segment(b"x" * 100, 1))
    with pytest.raises(Evicted):
        ring.since(ring.tail - 1, 1000)


def test_at_the_head_there_is_nothing_to_give() -> None:
    assert Ring(1000).since(0, 100) == (b"", 0)
