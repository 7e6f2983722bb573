"""From records to lines: each event once, whatever the topic repeats."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_bus.printer import Printer
from logs_service.feed import Feed
from logs_service.metrics import HubMetrics
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


def event(line: str, event_id: str) -> Logged:
    return Logged(line.encode(), (("ce_type", b"logs.line.v1"), ("ce_id", event_id.encode())))


class Shown:
    """Takes what the feed gives to the hub and to the printer."""

    def __init__(self) -> None:
        self.published: list[bytes] = []
        self.printed: list[bytes] = []

    def publish(self, lines: list[bytes]) -> None:
        self.published += lines

    def print(self, lines: list[bytes]) -> None:
        self.printed += lines


@pytest.fixture
def shown() -> Shown:
    return Shown()


@pytest.fixture
def feed(shown: Any) -> Feed:
    return Feed(shown, shown, Seen(200_000))


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
    feed.show([Logged(b"foreign"), Logged(b"foreign")])
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
    for number in ids:
        assert seen.add(b"%d" % number) == (number not in remembered)
        if number not in remembered:
            remembered = [*remembered, number][-window:]
        assert len(seen) == len(remembered)


@given(st.lists(st.uuids() | st.text(max_size=40), unique=True))
def test_different_ids_are_never_taken_for_the_same(ids: list[object]) -> None:
    seen = Seen(1000)
    distinct = {str(one) for one in ids}
    assert all(seen.add(one.encode()) for one in distinct)


def test_two_hundred_thousand_ids_are_remembered() -> None:
    seen = Seen(200_000)
    ids = [uuid.uuid4().bytes.hex().encode() for _ in range(200_000)]
    assert all(map(seen.add, ids))
    assert not seen.add(ids[0])


def test_every_metric_has_a_name_that_says_whose_it_is(feed: Feed, hub_and_printer: tuple[Any, Any]) -> None:
    hub, printer = hub_and_printer
    families = list(HubMetrics(hub, feed, printer).collect())
    assert len(families) == len({family.name for family in families})
    assert all(family.name.startswith("logs_") and family.documentation for family in families)


@pytest.fixture
def hub_and_printer() -> Iterator[tuple[Any, Any]]:
    printer = Printer()
    yield hub_with()[1], printer
    printer.close()
