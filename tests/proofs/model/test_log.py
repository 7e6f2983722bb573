"""The model's log does what a broker does: what is not committed is not seen, and who is fenced writes no more."""

import pytest

from event_bus.records import Committed, Partition
from proofs.model.log import Fenced, Log

PLACE = Partition("logs", 0)


def log() -> Log:
    return Log({"logs": 1})


def written(some: Log, name: str, epoch: int, key: bytes) -> None:
    some.join(name, epoch, PLACE)
    some.append(PLACE, key, b"", (), name)


def seen(some: Log) -> list[bytes | None]:
    return [record.key for record in some.visible("logs")]


def test_a_transaction_is_seen_when_its_markers_are_written() -> None:
    some = log()
    epoch = some.init("a")
    written(some, "a", epoch, b"one")
    some.commit("a", epoch)
    assert seen(some) == []
    some.finish("a")
    assert seen(some) == [b"one"]


def test_an_open_transaction_holds_back_what_was_written_behind_it() -> None:
    some = log()
    written(some, "a", some.init("a"), b"one")
    some.append(PLACE, b"two", b"", ())
    assert seen(some) == []
    some.init("a")
    assert seen(some) == [b"two"]


def test_who_is_fenced_can_neither_write_nor_commit() -> None:
    some = log()
    old = some.init("a")
    written(some, "a", old, b"one")
    some.init("a")
    with pytest.raises(Fenced):
        written(some, "a", old, b"two")
    with pytest.raises(Fenced):
        some.commit("a", old)
    assert seen(some) == []


def test_offsets_count_by_the_order_in_which_they_were_asked_for_and_not_by_that_of_the_markers() -> None:
    some = log()
    one, two = some.init("a"), some.init("b")
    some.add_offsets("a", one, "group", {PLACE: Committed(1)})
    some.commit("a", one)
    some.add_offsets("b", two, "group", {PLACE: Committed(2)})
    some.commit("b", two)
    some.finish("b")
    some.finish("a")
    assert some.committed("group", PLACE) == Committed(2)


def test_an_aborted_transaction_leaves_no_offsets() -> None:
    some = log()
    some.add_offsets("a", some.init("a"), "group", {PLACE: Committed(1)})
    some.init("a")
    assert some.committed("group", PLACE) is None
