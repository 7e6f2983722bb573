"""The model's store understands what the shop says to a database."""

from typing import Any

import pytest
from pymongo.errors import DuplicateKeyError

from proofs.model.loop import Clock
from proofs.model.store import Collection


def shelf(*documents: dict[str, Any], journaled: bool = True) -> Collection:
    made = Collection(Clock(), journaled)
    for document in documents:
        made.insert(document)
    return made


def test_a_document_that_was_read_stays_as_it_was_read() -> None:
    some = shelf({"_id": "cup", "outbox": [{"id": "1"}]})
    (read,) = some.find({"_id": "cup"})
    some.update({"_id": "cup"}, {"$push": {"outbox": {"$each": [{"id": "2"}]}}})
    assert read == {"_id": "cup", "outbox": [{"id": "1"}]}


def test_a_field_that_is_unique_is_not_taken_twice() -> None:
    some = shelf({"_id": "one", "binding": "k"})
    some.unique.add("binding")
    with pytest.raises(DuplicateKeyError):
        some.insert({"_id": "two", "binding": "k"})


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({"_id": {"$in": ["cup"]}, "outbox.0.id": {"$in": ["1"]}, "outbox": {"$size": 2}}, True),
        ({"_id": "cup", "outbox.0.id": {"$in": ["2"]}}, False),
        ({"_id": "cup", "outbox.2": {"$exists": False}}, True),
        ({"_id": "cup", "version": {"$exists": False}}, True),
        ({"_id": "cup", "outbox": []}, False),
        ({"pending_since": {"$gt": 0}}, True),
    ],
)
def test_a_filter_finds_what_it_means(where: dict[str, Any], found: bool) -> None:
    some = shelf({"_id": "cup", "outbox": [{"id": "1"}, {"id": "2"}], "pending_since": 7})
    assert bool(some.find(where)) is found


def test_the_front_of_an_outbox_is_cut_by_a_pipeline() -> None:
    some = shelf({"_id": "cup", "outbox": [{"id": "1"}, {"id": "2"}, {"id": "3"}]})
    some.update({"_id": "cup"}, [{"$set": {"outbox": {"$slice": ["$outbox", 2, {"$size": "$outbox"}]}}}])
    assert some.documents["cup"]["outbox"] == [{"id": "3"}]


def test_without_a_journal_the_last_write_dies_with_the_server() -> None:
    some, safe = shelf({"_id": "cup"}, journaled=False), shelf({"_id": "cup"})
    some.die()
    safe.die()
    assert (some.find({}), safe.find({})) == ([], [{"_id": "cup"}])
