"""From records to lines: each event once, whatever the topic repeats."""

import itertools
import time
import tracemalloc
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_bus import Broker, Partition
from event_bus.printer import Printer
from logs_service.feed import Feed
from logs_service.lines import Headers, Line
from logs_service.metrics import FIGURES, HubMetrics
from logs_service.position import Mark, Position
from logs_service.replays import Replays
from logs_service.ring import Ring
from logs_service.seen import Seen
from tests.logs_service.test_hub import hub_with


@dataclass
class Logged:
    """A record of `logs`."""

    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    topic: str = "logs"
    partition: int = 0
    offset: int = 0
    timestamp: int = 0
    key: bytes | None = None


OFFSETS = itertools.count()


def event(line: str, event_id: str, offset: int | None = None, partition: int = 0) -> Logged:
    headers = (("ce_type", b"logs.line.v1"), ("ce_id", event_id.encode()))
    return Logged(
        line.encode(), headers, partition=partition, offset=next(OFFSETS) if offset is None else offset
    )


class Shown:
    """Takes what the feed gives to the hub and to the printer."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.printed: list[bytes] = []
        self.started_over: list[Position] = []
        self.ring = Ring(10_000)

    def publish(self, lines: list[Line]) -> None:
        self.lines += lines

    @property
    def published(self) -> list[bytes]:
        return [line.text for line in self.lines]

    def start_over(self, moved: Position) -> None:
        self.started_over.append(moved)

    def print(self, lines: list[bytes]) -> None:
        self.printed += lines


@pytest.fixture
def shown() -> Shown:
    return Shown()


@pytest.fixture
def feed(shown: Any) -> Feed:
    return Feed(shown, Seen(200_000), echo=shown.print)


def test_each_record_is_published_and_printed(feed: Feed, shown: Shown) -> None:
    feed.show([event('{"a":1}', "1"), event('{"a":2}', "2")])
    assert shown.published == shown.printed == [b'{"a":1}', b'{"a":2}']


def test_a_repetition_is_counted_and_not_shown(feed: Feed, shown: Shown) -> None:
    known = str(uuid.uuid4())
    feed.show([event("once", known)])
    feed.show([event("once", known), event("another", str(uuid.uuid4()))])
    assert shown.published == [b"once", b"another"]
    assert feed.repeated == 1


def test_a_record_without_an_id_is_always_shown(feed: Feed, shown: Shown) -> None:
    feed.show([Logged(b"foreign", offset=0), Logged(b"foreign", offset=1)])
    assert shown.published == [b"foreign", b"foreign"]


def test_a_record_without_a_value_is_no_line(feed: Feed, shown: Shown) -> None:
    feed.show([Logged(None)])
    assert shown.published == shown.printed == []


def test_a_foreign_record_of_two_lines_is_one_everywhere(feed: Feed, shown: Shown) -> None:
    feed.show([Logged(b"two\nlines \xff")])
    assert shown.published == shown.printed == ["two lines \ufffd".encode()]
    assert feed.repaired == 1


@given(st.lists(st.integers(0, 30)), st.integers(1, 10))
def test_the_window_remembers_exactly_the_last_distinct_ids(ids: list[int], window: int) -> None:
    seen = Seen(window)
    remembered: list[int] = []
    for offset, number in enumerate(ids):
        assert seen.repeats(b"%d" % number, 0, offset) == (number in remembered)
        assert seen.add(b"%d" % number, 0, offset) == (number not in remembered)
        if number not in remembered:
            remembered = [*remembered, number][-window:]
        assert len(seen) == len(remembered)


@given(st.lists(st.uuids() | st.text(max_size=40), unique=True))
def test_different_ids_are_never_taken_for_the_same(ids: list[object]) -> None:
    seen = Seen(1000)
    distinct = {str(one) for one in ids}
    assert all(seen.add(one.encode(), 0, offset) for offset, one in enumerate(distinct))


def test_two_hundred_thousand_ids_are_remembered() -> None:
    seen = Seen(200_000)
    ids = [uuid.uuid4().bytes.hex().encode() for _ in range(200_000)]
    assert all(seen.add(one, 0, offset) for offset, one in enumerate(ids))
    assert not seen.add(ids[0], 0, 200_000)


def test_what_is_read_again_is_no_repetition_of_itself() -> None:
    seen = Seen(10)
    assert seen.add(b"id", 0, 20)
    assert not seen.repeats(b"id", 0, 20)
    assert seen.add(b"id", 0, 20)
    assert not seen.add(b"id", 0, 21)
    assert seen.add(b"id", 0, 10), "this is the first one"
    assert not seen.add(b"id", 0, 20), "and so that is a repetition"
    assert not seen.add(b"id", 1, 5), "in another partition there is no before"


def test_a_remembered_id_takes_the_memory_that_is_stated() -> None:
    tracemalloc.start()
    try:
        seen = Seen(100_000)
        for offset in range(300_000):
            seen.add(str(uuid.UUID(int=offset)).encode(), 0, 1_000_000 + offset)
        assert tracemalloc.get_traced_memory()[0] <= 100_000 * 200
    finally:
        tracemalloc.stop()
    assert len(seen) == 100_000


PARTITION = Partition("logs", 0)


def test_it_begins_a_window_before_the_end_but_not_before_the_beginning(shown: Any) -> None:
    feed = Feed(shown, Seen(10), window=10, echo=shown.print)
    assert feed.start({PARTITION: 3}, {PARTITION: 100}) == {PARTITION: 90}
    assert feed.start({PARTITION: 95}, {PARTITION: 100}) == {PARTITION: 95}
    assert shown.ring.floor == {0: Mark(94)}


def test_what_was_there_before_the_hub_is_shown_and_not_printed(shown: Any) -> None:
    feed = Feed(shown, Seen(10), window=10, echo=shown.print)
    feed.start({PARTITION: 0}, {PARTITION: 2})
    feed.show([event("old", "1", 1), event("new", "2", 2)])
    assert shown.published == [b"old", b"new"]
    assert shown.printed == [b"new"]


def test_in_a_topic_that_was_made_anew_the_ids_are_new(feed: Feed, shown: Shown) -> None:
    feed.start({PARTITION: 0}, {PARTITION: 5})
    shown.ring.start_at({0: Mark(6)})
    feed.show([event("a", "1", 5), event("b", "2", 6)])
    feed.move(PARTITION, 0)
    feed.show([event("c", "1", 0), event("d", "4", 1)])
    assert shown.started_over == [{0: Mark(-1)}]
    assert shown.published == shown.printed == [b"a", b"b", b"c", b"d"]


def test_behind_deleted_records_the_ids_are_still_known(feed: Feed, shown: Shown) -> None:
    feed.show([event("a", "1", 5)])
    feed.move(PARTITION, 9)
    feed.show([event("a again", "1", 9), event("b", "2", 10)])
    assert shown.started_over == [{0: Mark(8)}]
    assert shown.published == [b"a", b"b"]


def test_of_anything_but_a_log_line_the_headers_are_known(feed: Feed, shown: Shown) -> None:
    headers = (
        ("ce_type", b"stock.moved.v1"),
        ("ce_source", b"/inventories_service"),
        ("ce_correlationid", b"r17"),
    )
    feed.show([event("a line", "1"), Logged(b"foreign"), Logged(b"{}", headers), Logged(b"{}", headers[:1])])
    assert [line.headers for line in shown.lines] == [
        None,
        None,
        Headers("stock.moved.v1", "inventories_service", "r17"),
        Headers("stock.moved.v1", "", ""),
    ]


def test_how_late_a_line_was_is_told_of_new_ones_alone(feed: Feed) -> None:
    two_seconds_ago = int(time.time() * 1000) - 2_000
    feed.start({Partition("logs", 0): 0}, {Partition("logs", 0): 5})
    feed.show([Logged(b"{}", offset=4, timestamp=0)])  # it was there before the hub
    assert feed.delay == 0
    feed.show([Logged(b"{}", offset=5, timestamp=0), Logged(b"{}", offset=6, timestamp=two_seconds_ago)])
    assert feed.delay == pytest.approx(2, abs=1)


def test_every_metric_has_a_name_that_says_whose_it_is(metrics: HubMetrics) -> None:
    families = list(metrics.collect())
    assert len(families) == len({family.name for family in families}) == len(FIGURES) + 1
    assert all(family.name.startswith("logs_") and family.documentation for family in families)
    assert all(sample.labels == {"topic": "logs"} for family in families[:-1] for sample in family.samples)


@pytest.fixture
def metrics() -> Iterator[HubMetrics]:
    printer, hub = Printer(), hub_with()[1]
    replays = Replays(hub, Broker("127.0.0.1:1"), "logs", Seen(1), 1)
    stream = SimpleNamespace(topic="logs", hub=hub, feed=Feed(hub, Seen(1)), replays=replays)
    yield HubMetrics(cast(Any, SimpleNamespace(open=[stream])), printer)
    printer.close()
