"""What a document remembers of what was applied to it."""

from uuid import uuid4

from event_bus.inbox import REMEMBERED, Inbox


def test_it_knows_what_is_read_again_and_everything_before_it() -> None:
    inbox = Inbox()
    inbox.add("inventories-3", 17, uuid4())
    assert [inbox.holds("inventories-3", offset, uuid4()) for offset in (0, 17, 18)] == [True, True, False]


def test_it_keeps_the_partitions_apart() -> None:
    inbox = Inbox()
    inbox.add("inventories-3", 17, uuid4())
    assert not inbox.holds("inventories-4", 0, uuid4())


def test_it_knows_an_event_that_was_written_again_wherever_it_comes_from() -> None:
    inbox, event_id = Inbox(), uuid4()
    inbox.add("inventories-3", 17, event_id)
    assert inbox.holds("inventories-3", 900, event_id)
    assert inbox.holds("stock-0", 0, event_id)


def test_it_is_the_same_after_it_was_stored() -> None:
    inbox = Inbox()
    for offset in range(3):
        inbox.add(f"inventories-{offset}", offset, uuid4())
    assert Inbox.of(inbox.stored()) == inbox
    assert Inbox.of({}) == Inbox()


def test_what_it_stores_is_bounded_and_the_latest_stay() -> None:
    inbox, ids = Inbox(), [uuid4() for _ in range(REMEMBERED + 100)]
    for offset, event_id in enumerate(ids):
        inbox.add("inventories-0", offset, event_id)
    stored = inbox.stored()
    assert len(stored["applied_ids"]) == 16 * REMEMBERED
    later = Inbox.of(stored)
    elsewhere = [later.holds("inventories-1", 0, event_id) for event_id in ids]
    assert elsewhere == [False] * 100 + [True] * REMEMBERED
    assert all(later.holds("inventories-0", offset, uuid4()) for offset in range(len(ids)))
