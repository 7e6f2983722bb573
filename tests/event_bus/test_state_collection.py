"""Documents that change by events, on the real database: whoever else writes, dies or is away meanwhile."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Any

import pytest

from contracts import Envelope, Event, StockMoved, StockRequested
from dev.mongo import Mongo
from event_bus import (
    Apply,
    Change,
    Database,
    DatabaseUnavailable,
    Input,
    OutboxFull,
    Record,
    Refusal,
    State,
    StateCollection,
)
from event_bus.outbox import Pending
from event_bus.repository.outbox import MOST_PENDING
from tests.event_bus.inputs import asked, given
from tests.event_bus.story import accepted


def _sell(event: Envelope[StockRequested], state: State | None) -> Change:
    """Writes down every piece. 0 pieces are refused, 7 tell nothing and change nothing."""
    pieces, sold = event.data.quantity, (state or {}).get("sold", [])
    if pieces == 0:
        raise Refusal("nobody buys nothing")
    if pieces == 7:
        return Change()
    moved = StockMoved(product=event.data.product or "", level=0, quantity=pieces, number=1, reason="sold")
    return Change({**(state or {}), "sold": [*sold, pieces]}, [moved])


ROW = Apply(StockRequested, to=lambda request: request.product, by=_sell, publishes=[StockMoved])


class Shelf:
    """One instance of a service with its own connection to the documents, and its place in the partitions."""

    def __init__(self, database: Database, *, max_pending: int = 20_000) -> None:
        self.states = StateCollection(database, "products", max_pending=max_pending)
        self.offset = 0
        self.refused: list[Record] = []

    def inputs(self, *quantities: int, product: str = "cup", source: str = "inventories-0") -> list[Input]:
        self.offset += len(quantities)
        start = self.offset - len(quantities)
        return [
            given(asked(pieces, product), start + at, source, ROW) for at, pieces in enumerate(quantities)
        ]

    async def apply(self, inputs: Sequence[Input]) -> None:
        await self.states.apply("shelf", inputs, self._bury)

    async def _bury(self, refused: Sequence[tuple[Record, str]]) -> None:
        self.refused += [record for record, _ in refused]

    async def sell(
        self, *quantities: int, product: str = "cup", source: str = "inventories-0"
    ) -> list[Input]:
        inputs = self.inputs(*quantities, product=product, source=source)
        await self.apply(inputs)
        return inputs

    async def sold(self, product: str = "cup") -> list[int]:
        return list((await self.states.get(product) or {}).get("sold", ()))

    async def backlog(self) -> list[Pending]:
        async with aclosing(self.states.backlog()) as pending:
            return [one async for one in pending]

    async def told(self) -> list[str]:
        """The ids of what waits for Kafka, by document and in order."""
        return [entry["id"] for pending in await self.backlog() for entry in pending.entries]


@pytest.fixture
def shelf(database: Database) -> Shelf:
    return Shelf(database)


def outcomes(inputs: Sequence[Input]) -> list[str]:
    moved = StockMoved(product="", level=0, quantity=0, number=0, reason="")
    return [str(given.event.outcome(moved, "shelf", moved.type).id) for given in inputs]


def before_the_write(shelf: Shelf, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], Any]) -> None:
    """Somebody else does this, once, between the next look of `shelf` at its documents and its write."""
    write, todo = shelf.states._write_all, [meanwhile]

    async def late(operations: Sequence[Any]) -> bool:
        if todo:
            await todo.pop()()
        return await write(operations)

    monkeypatch.setattr(shelf.states, "_write_all", late)


async def test_state_inbox_and_outbox_are_one_write(shelf: Shelf, database: Database) -> None:
    inputs = await shelf.sell(5, 3)
    document = await database.collection("products").find_one({"_id": "cup"})
    assert document is not None
    assert set(document) == {"_id", "sold", "version", "applied", "applied_ids", "outbox", "pending_since"}
    assert (document["sold"], document["applied"]) == ([5, 3], {"inventories-0": 1})
    assert await shelf.told() == outcomes(inputs)


async def test_the_same_inputs_again_change_nothing(shelf: Shelf, database: Database) -> None:
    inputs = await shelf.sell(5, 3)
    before = await database.collection("products").find_one({"_id": "cup"})
    await shelf.apply(inputs)
    assert await database.collection("products").find_one({"_id": "cup"}) == before


async def test_the_same_inputs_again_after_the_relay_has_cleared_change_nothing(shelf: Shelf) -> None:
    inputs = await shelf.sell(5, 3)
    await shelf.states.clear(await shelf.backlog())
    await shelf.apply(inputs)
    assert (await shelf.sold(), await shelf.told()) == ([5, 3], [])


async def test_an_untouched_document_is_not_written(shelf: Shelf, database: Database) -> None:
    await shelf.sell(5)
    before = await database.collection("products").find_one({"_id": "cup"})
    await shelf.sell(7, 0)
    await shelf.sell(7, product="bowl")
    assert await database.collection("products").find_one({"_id": "cup"}) == before
    assert await shelf.states.get("bowl") is None


async def test_of_two_writers_who_read_the_same_version_both_count(
    shelf: Shelf, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rival = Shelf(database)
    first = await shelf.sell(5)
    theirs: list[Input] = []

    async def meanwhile() -> None:
        theirs.extend(await rival.sell(4, source="inventories-1"))

    before_the_write(shelf, monkeypatch, meanwhile)
    ours = await shelf.sell(3)
    assert await shelf.sold() == [5, 4, 3]
    assert await shelf.told() == outcomes([*first, *theirs, *ours])


async def test_of_two_writers_who_make_the_same_new_document_both_count(
    shelf: Shelf, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rival = Shelf(database)
    before_the_write(shelf, monkeypatch, lambda: rival.sell(4, source="inventories-1"))
    await shelf.sell(3)
    assert await shelf.sold() == [4, 3]
    assert len(await shelf.told()) == 2


async def test_a_writer_who_slept_while_another_did_his_work_repeats_nothing(
    shelf: Shelf, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a frozen instance that wakes after its partition was taken over."""
    await shelf.sell(5)
    heir, inputs = Shelf(database), shelf.inputs(3, 4)
    before_the_write(shelf, monkeypatch, lambda: heir.apply(inputs))
    await shelf.apply(inputs)
    assert await shelf.sold() == [5, 3, 4]
    assert len(await shelf.told()) == 3


async def test_many_writers_at_once_lose_and_double_nothing(database: Database) -> None:
    """Four instances with a partition each, requests beside them, and a relay that clears."""
    shelves = [Shelf(database) for _ in range(4)]
    published: list[str] = []
    booked: list[str] = []

    async def consume(shelf: Shelf, source: str) -> None:
        for turn in range(12):
            inputs = [
                *shelf.inputs(1, 1, product="cup", source=source),
                *shelf.inputs(1, product=f"bowl-{turn % 3}", source=source),
            ]
            await retried(shelf, inputs)
            if turn % 3 == 0:
                await retried(shelf, inputs)

    async def retried(shelf: Shelf, inputs: Sequence[Input]) -> None:
        for _ in range(20):
            try:
                await shelf.apply(inputs)
                return
            except OutboxFull:  # too crowded: as the consumer does, once more
                await asyncio.sleep(0)
        raise AssertionError("twenty times crowded out")

    async def book(shelf: Shelf) -> None:
        for number in range(12):
            event = accepted("cup", number)
            await shelf.states.change("cup", lambda state, event=event: (_one_more(state), [event]))
            booked.append(str(event.id))

    async def relay() -> None:
        while len(published) < 4 * 36 + 12:
            if backlog := await shelves[0].backlog():
                await shelves[0].states.clear(backlog)
            published.extend(str(event_id) for pending in backlog for event_id in pending.ids)

    relaying = asyncio.create_task(relay())
    await asyncio.gather(
        *(consume(shelf, f"inventories-{number}") for number, shelf in enumerate(shelves)), book(shelves[3])
    )
    async with asyncio.timeout(20):
        await relaying
    assert len(published) == len(set(published)) == 4 * 36 + 12
    assert [event_id for event_id in published if event_id in set(booked)] == booked
    assert len(await shelves[0].sold()) == 4 * 24
    assert (await shelves[0].states.get("cup") or {})["booked"] == 12
    assert [len(await shelves[0].sold(f"bowl-{number}")) for number in range(3)] == [16, 16, 16]
    assert await shelves[0].backlog() == []


def _one_more(state: State | None) -> State:
    return {**(state or {}), "booked": (state or {}).get("booked", 0) + 1}


async def test_a_request_and_the_consumer_do_not_undo_each_other(
    shelf: Shelf, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    edge = Shelf(database)
    await shelf.sell(5)
    before_the_write(edge, monkeypatch, lambda: shelf.sell(3))
    changed = await edge.states.change("cup", lambda state: (_one_more(state), []))
    assert changed == {"sold": [5, 3], "booked": 1}
    assert await edge.states.get("cup") == {"_id": "cup", **changed}


async def test_a_request_that_changes_nothing_writes_nothing(shelf: Shelf, database: Database) -> None:
    await shelf.sell(5)
    before = await database.collection("products").find_one({"_id": "cup"})
    assert await shelf.states.change("cup", lambda state: (None, [])) == {"sold": [5]}
    assert await database.collection("products").find_one({"_id": "cup"}) == before


async def test_a_request_that_its_rule_refuses_changes_nothing(shelf: Shelf) -> None:
    await shelf.sell(5)

    def refuse(state: State | None) -> tuple[State | None, Sequence[Envelope[Event]]]:
        raise ValueError("below zero")

    with pytest.raises(ValueError, match="below zero"):
        await shelf.states.change("cup", refuse)
    assert await shelf.sold() == [5]


async def test_a_document_that_was_inserted_by_a_request_takes_events_too(shelf: Shelf) -> None:
    """It has no version yet."""
    born = accepted("cup", 0)
    await shelf.states.insert({"_id": "cup", "sold": [1]}, [born])
    inputs = [*await shelf.sell(5), *await shelf.sell(3)]
    assert await shelf.sold() == [1, 5, 3]
    assert await shelf.told() == [str(born.id), *outcomes(inputs)]


async def test_of_two_writers_on_a_document_without_a_version_both_count(
    shelf: Shelf, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rival = Shelf(database)
    await shelf.states.insert({"_id": "cup", "sold": []}, [])
    before_the_write(shelf, monkeypatch, lambda: rival.sell(4, source="inventories-1"))
    await shelf.sell(3)
    assert await shelf.sold() == [4, 3]


async def test_of_an_insert_and_an_event_that_make_the_same_document_both_count(
    shelf: Shelf, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    edge = StateCollection(database, "products")
    before_the_write(shelf, monkeypatch, lambda: edge.insert({"_id": "cup", "sold": [9]}, []))
    await shelf.sell(3)
    assert await shelf.sold() == [9, 3]


async def written_without_an_answer(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, inputs: Sequence[Input]
) -> None:
    write = shelf.states._write_all

    async def unanswered(operations: Sequence[Any]) -> bool:
        await write(operations)
        raise DatabaseUnavailable("the connection broke")

    with monkeypatch.context() as patched:
        patched.setattr(shelf.states, "_write_all", unanswered)
        with pytest.raises(DatabaseUnavailable):
            await shelf.apply(inputs)


async def test_a_write_whose_outcome_is_unknown_is_repeated_without_effect(
    shelf: Shelf, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was done, and the answer was lost."""
    inputs = shelf.inputs(5, 3)
    await written_without_an_answer(shelf, monkeypatch, inputs)
    await shelf.apply(inputs)
    assert (await shelf.sold(), await shelf.told()) == ([5, 3], outcomes(inputs))


async def test_a_database_that_is_killed_in_the_midst_of_writes_has_each_of_them_once(
    own_mongo: Callable[[], Mongo],
) -> None:
    mongo = await asyncio.to_thread(own_mongo)
    async with Database(mongo.uri, "documents") as database:
        shelf, done = Shelf(database), asyncio.Event()
        batches = [shelf.inputs(*[1] * 20, product=f"cup-{turn % 5}") for turn in range(60)]

        async def consume() -> None:
            for turn, inputs in enumerate(batches):
                while True:
                    try:
                        await shelf.apply(inputs)
                        break
                    except DatabaseUnavailable:
                        await asyncio.sleep(0.05)  # as the back-off of the consumer
                if turn == 20:
                    done.set()

        consuming = asyncio.create_task(consume())
        await done.wait()
        await asyncio.to_thread(mongo.kill)
        await asyncio.to_thread(mongo.start)
        await asyncio.wait_for(consuming, 30)
        for number in range(5):
            assert len(await shelf.sold(f"cup-{number}")) == 12 * 20
        assert sorted(await shelf.told()) == sorted(outcomes([one for inputs in batches for one in inputs]))


async def test_a_document_with_a_full_outbox_waits_for_the_relay(shelf: Shelf) -> None:
    """A thousand wait; the next batch is not taken in part, and is taken when there is room."""
    for _ in range(MOST_PENDING // 100):
        await shelf.sell(*[1] * 100)
    inputs = shelf.inputs(1, 1, 1)
    with pytest.raises(OutboxFull):
        await shelf.apply(inputs)
    assert (len(await shelf.sold()), len(await shelf.told())) == (MOST_PENDING, MOST_PENDING)
    await shelf.states.clear(await shelf.backlog())
    await shelf.apply(inputs)
    assert (len(await shelf.sold()), await shelf.told()) == (MOST_PENDING + 3, outcomes(inputs))


async def test_beyond_the_bound_of_pending_documents_nothing_is_applied(database: Database) -> None:
    shelf = Shelf(database, max_pending=5)
    for number in range(5):
        await shelf.sell(1, product=f"cup-{number}")
    late = shelf.inputs(1, product="late")
    with pytest.raises(OutboxFull):
        await shelf.apply(late)
    assert await shelf.states.get("late") is None
    await shelf.states.clear(await shelf.backlog())
    await shelf.apply(late)
    assert await shelf.sold("late") == [1]


async def test_the_relay_clears_while_events_come(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was published goes; what came between its look and its clearing stays; both ways round."""
    first = await shelf.sell(5)
    seen = await shelf.backlog()
    second = await shelf.sell(3)
    await shelf.states.clear(seen)
    assert await shelf.told() == outcomes(second)
    seen = await shelf.backlog()
    before_the_write(shelf, monkeypatch, lambda: shelf.states.clear(seen))
    third = await shelf.sell(4)
    assert await shelf.told() == outcomes(third)
    assert await shelf.sold() == [5, 3, 4]
    assert first


async def test_an_outbox_that_was_left_empty_takes_events_while_it_is_cleared(
    shelf: Shelf, database: Database
) -> None:
    """The server may die between taking the entries out and taking the outbox away."""
    await database.collection("products").insert_one({"_id": "cup", "outbox": [], "pending_since": 1})
    seen = await shelf.backlog()
    inputs = await shelf.sell(5)
    await shelf.states.clear(seen)
    assert await shelf.told() == outcomes(inputs)


async def test_more_than_a_thousand_waiting_events_of_one_document_all_leave(shelf: Shelf) -> None:
    events = [accepted("cup", number) for number in range(1_300)]
    await shelf.states.insert({"_id": "cup"}, events)
    (seen,) = await shelf.backlog()
    await shelf.states.clear([Pending("cup", seen.entries[:180])])
    assert await shelf.told() == [str(event.id) for event in events[180:]]


async def test_what_a_rule_refuses_is_buried_once_though_another_document_met_a_rival(
    shelf: Shelf, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second look must not take what was refused at the first one for what was applied."""
    rival = Shelf(database)
    await rival.sell(1, product="bowl", source="inventories-1")
    inputs = [*shelf.inputs(0, 5, product="cup"), *shelf.inputs(3, product="bowl")]
    before_the_write(shelf, monkeypatch, lambda: rival.sell(1, product="bowl", source="inventories-1"))
    await shelf.apply(inputs)
    assert await shelf.sold() == [5]
    assert shelf.refused == [inputs[0].record]


async def test_what_a_rule_refuses_is_buried_though_the_answer_to_the_write_was_lost(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = shelf.inputs(0, 5)
    await written_without_an_answer(shelf, monkeypatch, inputs)
    await shelf.apply(inputs)
    assert await shelf.sold() == [5]
    assert shelf.refused == [inputs[0].record]
