"""Events folded into documents, in memory: each once, in order; what follows, what is refused, what stays."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid5

from contracts import Envelope, StockMoved, StockRanLow, StockRequested
from event_bus import Apply, Change, Input, Refusal, State
from event_bus.fold import Changed, Folded, fold
from event_bus.inbox import Inbox
from event_bus.outbox import Entry
from tests.event_bus.inputs import asked, given

BIG = "x" * 1_000_001  # bytes: no record of ours may be as large


def _sell(event: Envelope[StockRequested], state: State | None) -> Change:
    """13 pieces meet a bug, 0 can't be applied, 1000 give a giant, 7 change nothing."""
    pieces, before = event.data.quantity, state or {"sold": []}
    if pieces == 0:
        raise Refusal("nobody buys nothing")
    if pieces == 7:
        return Change()
    after = {"sold": [*before["sold"], pieces], "last": 100 // (13 - pieces)}
    moved = StockMoved(
        product="cup", level=0, quantity=pieces, number=1, reason=BIG if pieces == 1000 else "sold"
    )
    return Change(after, [moved, moved] if pieces == 2 else [moved])


ROW = Apply(StockRequested, to=lambda request: request.product, by=_sell, publishes=[StockMoved])


def sold(*quantities: int, source: str = "inventories-0", start: int = 0) -> list[Input]:
    return [given(asked(pieces), start + at, source, ROW) for at, pieces in enumerate(quantities)]


def nothing(*keys: str) -> dict[object, Changed]:
    return {key: Changed(key, None, 0, None, Inbox()) for key in keys or ("cup",)}


def folded(inputs: Sequence[Input], documents: Mapping[object, Changed] | None = None) -> Folded:
    return fold("shelf", inputs, nothing() if documents is None else documents)


def later(changed: Changed) -> dict[object, Changed]:
    """The document as it is read again after it was written."""
    stored = changed.inbox.stored()
    return {changed.key: Changed(changed.key, changed.state, 1, changed.state, Inbox.of(stored))}


def quantities(changed: Changed) -> list[int]:
    return list((changed.state or {})["sold"])


def ids(entries: Sequence[Entry]) -> list[str]:
    return [entry["id"] for entry in entries]


def test_each_input_changes_the_document_in_order() -> None:
    (cup,) = folded(sold(5, 3, 4)).changed
    assert quantities(cup) == [5, 3, 4]
    assert [entry["topic"] for entry in cup.entries] == ["stock"] * 3


def test_the_id_of_an_outcome_comes_from_its_cause_and_its_name() -> None:
    inputs = sold(5, 2)
    (cup,) = folded(inputs).changed
    one, two = (given.event.id for given in inputs)
    name = StockMoved.type
    assert ids(cup.entries) == [str(uuid5(one, name)), str(uuid5(two, name)), str(uuid5(two, f"{name}#2"))]


def test_an_outcome_names_its_cause_and_the_story() -> None:
    (one,) = sold(5)
    (cup,) = folded([one]).changed
    headers = json.loads(cup.entries[0]["headers"])
    assert headers["ce_causationid"] == str(one.event.id)
    assert headers["ce_correlationid"] == one.event.correlation_id
    assert headers["ce_source"] == "/shelf"


def test_what_is_read_again_changes_nothing() -> None:
    inputs = sold(5, 3)
    (cup,) = folded(inputs).changed
    assert folded(inputs, later(cup)).changed == []


def test_what_is_written_again_changes_nothing_at_any_offset_of_any_partition() -> None:
    (one,) = sold(5)
    again = [given(one.event, 17, "inventories-0", ROW), given(one.event, 3, "inventories-5", ROW)]
    (cup,) = folded([one, *again]).changed
    assert quantities(cup) == [5]
    assert folded(again, later(cup)).changed == []


def test_what_is_read_again_long_after_its_id_was_forgotten_changes_nothing() -> None:
    """Only the offset knows it then."""
    inputs = sold(*[1] * 1_100)
    (cup,) = folded(inputs).changed
    assert folded(inputs[:50], later(cup)).changed == []


def test_what_another_partition_brings_at_a_lower_offset_is_new() -> None:
    (cup,) = folded(sold(5, start=100)).changed
    (cup,) = folded(sold(3, source="inventories-1"), later(cup)).changed
    assert quantities(cup) == [5, 3]


def test_what_a_rule_refuses_changes_nothing_and_the_next_goes_on() -> None:
    inputs = sold(5, 0, 3)
    result = folded(inputs)
    assert [quantities(cup) for cup in result.changed] == [[5, 3]]
    assert result.refused == [(inputs[1].record, "nobody buys nothing")]


def test_a_bug_of_a_rule_stops_its_own_input_alone() -> None:
    inputs = sold(5, 13, 3)
    result = folded(inputs)
    assert [quantities(cup) for cup in result.changed] == [[5, 3]]
    ((record, reason),) = result.refused
    assert record is inputs[1].record
    assert "ZeroDivisionError" in reason


def test_an_input_whose_outcome_no_topic_would_take_is_refused_whole() -> None:
    result = folded(sold(5, 1000))
    assert [quantities(cup) for cup in result.changed] == [[5]]
    assert [len(cup.entries) for cup in result.changed] == [1]
    assert "too large" in result.refused[0][1]


def test_a_document_that_nothing_touched_is_not_written() -> None:
    inputs = [*sold(5, 7), given(asked(7, product="bowl"), 2, "inventories-0", ROW)]
    assert [changed.key for changed in folded(inputs, nothing("cup", "bowl")).changed] == ["cup"]


def test_a_rule_may_tell_without_changing() -> None:
    """What it told is remembered with the rest, or it would be told again."""

    def tell(event: Envelope[Any], state: State | None) -> Change:
        return Change(events=[StockRanLow(message="low", product="cup", pieces=1, threshold=5)])

    row = Apply(StockRequested, to=lambda request: request.product, by=tell)
    one = given(asked(1), 4, "inventories-0", row)
    (cup,) = folded([one]).changed
    assert cup.state is None
    assert folded([one], later(cup)).changed == []
