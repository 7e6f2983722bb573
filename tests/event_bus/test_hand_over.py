"""New documents reach the relay in memory: each by one way alone, none too early, none left behind."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from event_bus import Database, DatabaseUnavailable, OutboxCollection, hand_over
from event_bus.outbox import Pending
from tests.event_bus.story import accepted


@pytest.fixture
def outbox(database: Database) -> OutboxCollection:
    return OutboxCollection(database, "stories")


async def pending(outbox: OutboxCollection, look: bool = False) -> list[Pending]:
    async with aclosing(outbox.backlog(look)) as backlog:
        return [one async for one in backlog]


async def documents(outbox: OutboxCollection, look: bool = False) -> list[object]:
    return [one.document for one in await pending(outbox, look)]


async def write(outbox: OutboxCollection, *names: str) -> None:
    for name in names:
        await outbox.insert({"_id": name}, [accepted(name, 0)])


async def test_what_was_written_before_the_relay_listens_is_found_in_the_database(
    outbox: OutboxCollection,
) -> None:
    await write(outbox, "a")
    with outbox.handing_over():
        assert await documents(outbox) == ["a"]


async def test_a_new_document_comes_once_and_no_look_brings_it_again(outbox: OutboxCollection) -> None:
    with outbox.handing_over():
        await documents(outbox)
        await write(outbox, "a", "b")
        assert await documents(outbox) == ["a", "b"]
        assert await documents(outbox, look=True) == []


async def test_what_comes_in_memory_is_what_lies_in_the_database(outbox: OutboxCollection) -> None:
    with outbox.handing_over():
        await documents(outbox)
        await write(outbox, "a")
        in_memory = await pending(outbox)
    assert await pending(outbox, look=True) == in_memory


async def test_the_database_is_not_asked_for_what_was_handed_over(
    outbox: OutboxCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked() -> Any:
        raise AssertionError("the database was asked")

    with outbox.handing_over():
        await documents(outbox)
        monkeypatch.setattr(outbox, "_stored", asked)
        await write(outbox, "a")
        assert await documents(outbox) == ["a"]


async def test_a_look_during_the_write_passes_over_the_document(
    outbox: OutboxCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert, seen = outbox._insert_many, list[object]()

    async def look_before_the_answer(new: Any) -> None:
        await insert(new)
        seen.extend(await documents(outbox, look=True))

    with outbox.handing_over():
        await documents(outbox)
        monkeypatch.setattr(outbox, "_insert_many", look_before_the_answer)
        await write(outbox, "a")
        assert seen == []
        assert await documents(outbox, look=True) == ["a"]


async def test_what_is_cleared_while_the_relay_looks_does_not_come_again(outbox: OutboxCollection) -> None:
    """The cursor has it still: it was pending when the look began, behind a document of the database."""
    await write(outbox, "a")
    with outbox.handing_over():
        await documents(outbox)
        await write(outbox, "b")
        async with aclosing(outbox.backlog(look=True)) as backlog:
            batch = [await anext(backlog), await anext(backlog)]
            assert [one.document for one in batch] == ["b", "a"]
            await outbox.clear(batch)
            assert [one async for one in backlog] == []


async def test_a_write_of_unknown_outcome_is_left_to_the_database(
    outbox: OutboxCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert = outbox._insert_many

    async def answer_lost(new: Any) -> None:
        await insert(new)
        raise DatabaseUnavailable("no answer")

    async def unreadable(new: Any, unknown: Exception) -> list[Exception]:
        return [unknown] * len(new)

    with outbox.handing_over():
        await documents(outbox)
        with monkeypatch.context() as lost:
            lost.setattr(outbox, "_insert_many", answer_lost)
            lost.setattr(outbox, "_look_up", unreadable)
            with pytest.raises(DatabaseUnavailable):
                await write(outbox, "a")
        assert await documents(outbox) == ["a"]


async def test_what_is_added_to_a_document_is_found_in_the_database_when_the_document_was_cleared(
    outbox: OutboxCollection,
) -> None:
    with outbox.handing_over():
        await documents(outbox)
        await write(outbox, "a")
        (first,) = await pending(outbox)
        assert await outbox.append("a", {"$inc": {"n": 1}}, [accepted("a", 1)])
        assert await documents(outbox) == [], "it would come before what lies in front of it"
        await outbox.clear([first])
        (second,) = await pending(outbox)
    assert len(second.entries) == 1
    assert second.ids != first.ids


async def test_nothing_newer_passes_what_only_the_database_knows_of(
    outbox: OutboxCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hand_over, "MOST", 1)
    with outbox.handing_over():
        await documents(outbox)
        await write(outbox, "a")
        published = await pending(outbox)
        await write(outbox, "b")
        await outbox.clear(published)  # there is room again
        await write(outbox, "c")
        assert await documents(outbox) == ["b", "c"]


async def test_who_was_cancelled_leaves_nothing_behind(outbox: OutboxCollection) -> None:
    with outbox.handing_over():
        await documents(outbox)
        writing = asyncio.create_task(outbox.insert({"_id": "a"}, [accepted("a", 0)]))
        while not outbox._hand_over._held:
            await asyncio.sleep(0)
        writing.cancel()
        async with asyncio.timeout(5):
            while await documents(outbox) != ["a"]:
                await asyncio.sleep(0.01)


async def test_when_the_relay_ends_all_is_in_the_database_alone(outbox: OutboxCollection) -> None:
    with outbox.handing_over():
        await documents(outbox)
        await write(outbox, "a")
        assert await documents(outbox) == ["a"]
    with outbox.handing_over():
        assert await documents(outbox) == ["a"]
