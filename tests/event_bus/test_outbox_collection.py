"""Documents with an outbox on the real database: what was answered is there, what was not published stays."""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import aclosing
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from dev.mongo import Mongo
from event_bus import Database, DatabaseUnavailable, Duplicate, OutboxCollection, OutboxFull
from event_bus.outbox import Pending
from tests.event_bus.cluster import until
from tests.event_bus.story import accepted


@pytest.fixture
def outbox(database: Database) -> OutboxCollection:
    return OutboxCollection(database, "stories", unique=["name"])


async def backlog(outbox: OutboxCollection) -> list[Pending]:
    async with aclosing(outbox.backlog()) as pending:
        return [one async for one in pending]


def writes(database: Database, outbox: OutboxCollection, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the shared writes from now on."""
    sizes: list[int] = []
    insert = outbox._insert_many

    async def counting(documents: Any) -> None:
        sizes.append(len(documents))
        await insert(documents)

    monkeypatch.setattr(outbox, "_insert_many", counting)
    return sizes


async def test_concurrent_inserts_share_writes(
    database: Database, outbox: OutboxCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await outbox.insert({"_id": "first"}, [accepted("first", 0)])
    sizes = writes(database, outbox, monkeypatch)
    await asyncio.gather(*(outbox.insert({"_id": str(n)}, [accepted(str(n), n)]) for n in range(250)))
    assert sum(sizes) == 250
    assert len(sizes) <= 6  # the first one alone, then a hundred at a time
    assert len(await outbox.find_all()) == 251


async def test_in_a_shared_write_a_duplicate_is_told_to_its_own_caller_alone(
    outbox: OutboxCollection,
) -> None:
    await outbox.insert({"_id": "taken", "name": "taken"}, [accepted("taken", 0)])
    documents = [{"_id": str(n), "name": f"n{n}"} for n in range(20)]
    documents[7] = {"_id": "taken", "name": "n7"}
    documents[11] = {"_id": "11", "name": "taken"}
    results = await asyncio.gather(
        *(outbox.insert(document, [accepted(document["_id"], 1)]) for document in documents),
        return_exceptions=True,
    )
    wrong = {n: result for n, result in enumerate(results) if result is not None}
    assert set(wrong) == {7, 11}
    assert isinstance(wrong[7], Duplicate)
    assert wrong[7].fields == {"_id"}
    assert isinstance(wrong[11], Duplicate)
    assert wrong[11].fields == {"name"}


async def test_a_document_that_can_not_be_stored_fails_its_own_caller_alone(outbox: OutboxCollection) -> None:
    documents: list[dict[str, Any]] = [{"_id": str(n), "value": n} for n in range(10)]
    documents[4]["value"] = 2**70  # no integer of a database is that large
    results = await asyncio.gather(
        *(outbox.insert(document, [accepted(document["_id"], 1)]) for document in documents),
        return_exceptions=True,
    )
    assert [n for n, result in enumerate(results) if result is not None] == [4]


async def test_a_caller_who_gave_up_before_his_turn_is_not_written(outbox: OutboxCollection) -> None:
    await outbox.insert({"_id": "first"}, [accepted("first", 0)])
    first = asyncio.create_task(outbox.insert({"_id": "a"}, [accepted("a", 1)]))
    second = asyncio.create_task(outbox.insert({"_id": "b"}, [accepted("b", 1)]))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.wait([first, second])
    await outbox.insert({"_id": "c"}, [accepted("c", 1)])
    assert second.cancelled()
    assert {document["_id"] for document in await outbox.find_all()} == {"first", "a", "c"}


async def test_the_backlog_is_oldest_first_and_appends_keep_their_order(outbox: OutboxCollection) -> None:
    for key in ("c", "a", "b"):
        await outbox.insert({"_id": key}, [accepted(key, 0)])
    for number in range(1, 6):
        assert await outbox.append(
            "a", {"$inc": {"n": 1}}, [accepted("a", number), accepted("a", 100 + number)]
        )
    pending = await backlog(outbox)
    assert [one.document for one in pending] == ["c", "a", "b"]
    messages = [entry["value"] for entry in pending[1].entries]
    expected = [0, *(n for number in range(1, 6) for n in (number, 100 + number))]
    assert [f'"message":"{number}"' in text for number, text in zip(expected, messages, strict=True)] == [
        True
    ] * 11


async def test_an_append_to_what_is_not_there_says_so(outbox: OutboxCollection) -> None:
    assert not await outbox.append("nobody", {"$inc": {"n": 1}}, [accepted("nobody", 0)])


async def test_a_document_takes_a_thousand_pending_events_and_no_more(outbox: OutboxCollection) -> None:
    await outbox.insert({"_id": "a"}, [accepted("a", n) for n in range(990)])
    assert await outbox.append("a", {"$inc": {"n": 1}}, [accepted("a", n) for n in range(10)])
    with pytest.raises(OutboxFull):
        await outbox.append("a", {"$inc": {"n": 1}}, [accepted("a", 1000)])
    (pending,) = await backlog(outbox)
    assert len(pending.entries) == 1000


async def test_beyond_the_bound_of_pending_documents_nothing_is_taken(database: Database) -> None:
    outbox = OutboxCollection(database, "stories", max_pending=20)
    results = await asyncio.gather(
        *(outbox.insert({"_id": str(n)}, [accepted(str(n), n)]) for n in range(20)), return_exceptions=True
    )
    assert results == [None] * 20
    with pytest.raises(OutboxFull):
        await outbox.insert({"_id": "more"}, [accepted("more", 0)])
    with pytest.raises(OutboxFull):
        await outbox.append("1", {"$inc": {"n": 1}}, [accepted("1", 0)])
    restarted = OutboxCollection(database, "stories", max_pending=20)
    with pytest.raises(OutboxFull):
        await restarted.insert({"_id": "more"}, [accepted("more", 0)])
    await restarted.clear(await backlog(restarted))
    await restarted.insert({"_id": "more"}, [accepted("more", 0)])


async def test_a_document_without_events_is_not_pending_and_stops_nobody(outbox: OutboxCollection) -> None:
    await outbox.insert({"_id": "quiet"}, [])
    await outbox.insert({"_id": "loud"}, [accepted("loud", 0)])
    await outbox.clear(await backlog(outbox))
    assert await backlog(outbox) == []
    assert len(await outbox.find_settled()) == 2


async def test_an_outbox_that_was_left_empty_is_cleared_away(
    database: Database, outbox: OutboxCollection
) -> None:
    """The server may die between taking the entries out and taking the outbox away."""
    await database.collection("stories").insert_one(
        {"_id": "a", "outbox": [], "pending_since": time.time_ns()}
    )
    await outbox.insert({"_id": "b"}, [accepted("b", 0)])
    await outbox.clear(await backlog(outbox))
    assert await backlog(outbox) == []


async def test_clear_takes_out_what_was_published_and_nothing_that_came_since(
    outbox: OutboxCollection,
) -> None:
    """Writers append while a relay reads, publishes and clears: each event is published once, in order."""
    keys = [f"key-{n}" for n in range(5)]
    told: dict[str, list[str]] = {key: [] for key in keys}
    published: dict[str, list[str]] = {key: [] for key in keys}
    for key in keys:
        await outbox.insert({"_id": key}, [])

    async def write(key: str) -> None:
        for number in range(60):
            events = [accepted(key, number) for _ in range(random.randint(1, 3))]
            assert await outbox.append(key, {"$inc": {"n": 1}}, events)
            told[key] += [str(event.id) for event in events]

    async def relay(done: "asyncio.Future[Any]") -> None:
        while not done.done() or await backlog(outbox):
            batch = [
                Pending(one.document, one.entries[: random.randint(1, 4)]) for one in await backlog(outbox)
            ]
            await asyncio.sleep(0.002 * random.random())  # the transaction
            if batch:
                await outbox.clear(batch)
                for one in batch:
                    published[one.document] += [str(event_id) for event_id in one.ids]

    writing = asyncio.gather(*(write(key) for key in keys))
    await asyncio.gather(writing, relay(writing))
    assert published == told


async def test_clearing_again_late_takes_nothing_else(outbox: OutboxCollection) -> None:
    await outbox.insert({"_id": "a"}, [accepted("a", 0), accepted("a", 1)])
    first = await backlog(outbox)
    await outbox.clear(first)
    await outbox.append("a", {"$inc": {"n": 1}}, [accepted("a", 2), accepted("a", 3)])
    await outbox.clear(first)
    (pending,) = await backlog(outbox)
    assert len(pending.entries) == 2


async def test_forget_takes_out_these_ids_wherever_they_are(outbox: OutboxCollection) -> None:
    events = {key: [accepted(key, n) for n in range(3)] for key in ("a", "b", "c")}
    for key, three in events.items():
        await outbox.insert({"_id": key}, three)
    gone = [event.id for event in (*events["a"], *events["b"][:2])]
    await outbox.forget([*gone, uuid4()])
    assert [(one.document, one.ids) for one in await backlog(outbox)] == [
        ("b", [events["b"][2].id]),
        ("c", [event.id for event in events["c"]]),
    ]
    await outbox.forget([])
    assert len(await backlog(outbox)) == 2


async def test_forget_is_quick_on_a_long_backlog(outbox: OutboxCollection) -> None:
    """A relay that starts after Kafka was away for long has to get through this to publish anything."""
    events = [accepted(f"key-{n}", n) for n in range(3_000)]
    for first in range(0, 3_000, 100):
        part = events[first : first + 100]
        await asyncio.gather(*(outbox.insert({"_id": event.subject}, [event]) for event in part))
    begun = time.monotonic()
    await outbox.forget([event.id for event in events[:180]])
    await outbox.forget([uuid4() for _ in range(180)])
    assert time.monotonic() - begun < 2.5
    assert len(await backlog(outbox)) == 2_820


async def test_a_frozen_database_is_an_error_in_time_and_the_document_is_there_once_at_most(
    own_mongo: Callable[[], Mongo],
) -> None:
    mongo = await asyncio.to_thread(own_mongo)
    async with Database(mongo.uri, "documents") as database:
        outbox = OutboxCollection(database, "stories")
        await outbox.insert({"_id": "first"}, [accepted("first", 0)])
        mongo.freeze()
        try:
            results = await asyncio.gather(*(timed(outbox, n) for n in range(5)))
        finally:
            mongo.thaw()
        assert all(seconds < 5.5 for seconds in results)
        await until(lambda: mongo.answers())
        again = [await repeated(outbox, n) for n in range(5)]
        found = [document["_id"] for document in await outbox.find_all()]
        assert sorted(found) == sorted(["first", *map(str, range(5))])
        assert set(again) <= {"written", "duplicate"}
        assert len(await backlog(outbox)) == 6


async def timed(outbox: OutboxCollection, number: int) -> float:
    begun = time.monotonic()
    with pytest.raises(DatabaseUnavailable):
        await outbox.insert({"_id": str(number)}, [accepted(str(number), number)])
    return time.monotonic() - begun


async def repeated(outbox: OutboxCollection, number: int) -> str:
    """What a client does after a 503. The connections that were cut may take one more attempt."""
    for _ in range(10):
        try:
            await outbox.insert({"_id": str(number)}, [accepted(str(number), number)])
        except Duplicate:
            return "duplicate"
        except DatabaseUnavailable:
            continue
        return "written"
    raise AssertionError("the database does not come back")


def reached(names: list[str], count: int) -> bool:
    return len(names) >= count


async def test_acknowledged_documents_survive_a_killed_database(own_mongo: Callable[[], Mongo]) -> None:
    mongo = await asyncio.to_thread(own_mongo)
    acknowledged: list[str] = []
    async with Database(mongo.uri, "documents") as database:
        outbox = OutboxCollection(database, "stories")

        async def write(name: str) -> None:
            try:
                await outbox.insert({"_id": name}, [accepted(name, 0)])
            except DatabaseUnavailable:
                return
            acknowledged.append(name)

        for round_ in range(2):
            enough = len(acknowledged) + 100
            writing = [asyncio.create_task(write(f"{round_}-{n}")) for n in range(300)]
            await until(partial(reached, acknowledged, enough))
            await asyncio.to_thread(mongo.kill)
            await asyncio.wait(writing)
            await asyncio.to_thread(mongo.start)
        there = {document["_id"]: document for document in await outbox.find_all()}
        assert set(acknowledged) <= set(there)
        assert {one.document for one in await backlog(outbox)} == set(there)
