"""Records as the client library gives them, and the story that is made of them; whatever they hold."""

import io
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as some
from rich.console import Console

from dev.dlq.letters import CUT, ORIGIN, RESOLUTION
from dev.trace import reading, showing
from dev.trace.reading import MOST_STEPS, Search, Story
from event_bus import Record

STORY = "r17"
ROOM = UUID(int=17)
START = 1795240538_000  # milliseconds

Headers = list[tuple[str, bytes]]


@dataclass
class Read:
    topic: str
    offset: int
    headers: Headers
    timestamp: int = START
    value: bytes | None = b'{"user":"alice"}'
    key: bytes | None = b"p1"
    partition: int = field(default=0)


def identity(name: str) -> str:
    return str(uuid5(ROOM, name))


def event(
    name: str, cause: str = STORY, *, at: int = 0, topic: str = "notifications", offset: int = 0
) -> Read:
    """`name` stands for the id and the type; `cause` is the name of another one, or the request."""
    time = datetime.fromtimestamp((START + at) / 1000, UTC)
    said = {
        "ce_specversion": "1.0",
        "ce_id": identity(name),
        "ce_source": "/payments_service",
        "ce_type": name,
        "ce_time": time.isoformat().replace("+00:00", "Z"),
        "ce_subject": "p1",
        "ce_correlationid": STORY,
        "ce_causationid": cause if cause == STORY else identity(cause),
    }
    headers = [(header, text.encode()) for header, text in said.items()]
    return Read(topic, offset, headers, START + at)


def letter(of: Read, *, at: int, reason: str = "no such payment", cut: bool = False) -> Read:
    said = [reason, of.topic, "0", str(of.offset), "0", "payments_service"]
    origin = [(name, text.encode()) for name, text in zip(ORIGIN, said, strict=True)]
    return Read("payments_service.dlq", at, [*([(CUT, b"1")] if cut else of.headers), *origin], START + at)


def resolution(of: Read, how: bytes = b"redriven") -> Read:
    address = f"{of.topic}:{of.partition}:{of.offset}"
    return Read(of.topic, of.offset + 1, [(RESOLUTION, how)], START + 5_000, None, address.encode())


def story(*records: Record, wanted: str = STORY) -> Story:
    search = Search(wanted)
    for record in records:
        search.look(record)
    return search.story()


def drawn(found: Story) -> list[str]:
    """The rows of the tree, without the heading."""
    console = Console(file=io.StringIO(), width=1_000, highlight=False)
    console.print(showing.tree(found))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()[1:]


def types(found: Story) -> list[tuple[str, str | None]]:
    return [(node.step.type, node.cause.step.type if node.cause else None) for node in found.nodes]


def test_an_event_stands_below_its_cause_with_the_time_between_them() -> None:
    asked = event("asked", topic="inventories", offset=3)
    moved = event("moved", "asked", at=12, topic="stock", offset=41)
    assert drawn(story(moved, asked)) == [
        "└── 2026-11-21T05:55:38.000Z asked  payments_service  inventories:0:3  alice",
        "    └── 2026-11-21T05:55:38.012Z +12 ms moved  payments_service  stock:0:41  alice",
    ]


def test_what_belongs_to_another_request_is_looked_at_and_left_out() -> None:
    found = story(event("asked"), Read("stock", 1, [("ce_correlationid", b"another")]), Read("stock", 2, []))
    assert types(found) == [("asked", None)]
    assert showing.summary(found) == "1 event, 0 dead letters; 3 records looked at"


def test_an_event_whose_cause_is_not_there_says_so() -> None:
    assert "its cause was not found" in drawn(story(event("moved", "long ago")))[0]
    assert "its cause was not found" not in drawn(story(event("asked")))[0]


def test_a_dead_letter_is_a_leaf_below_the_record_that_it_was() -> None:
    asked = event("asked", offset=3)
    found = story(asked, letter(asked, at=20))
    (row,) = drawn(found)[1:]
    assert "+20 ms dead letter of payments_service: no such payment  payments_service.dlq:0:20  open" in row
    assert showing.summary(found).startswith("1 event, 1 dead letter; ")
    assert showing.as_json(found)["records"][1]["dead_letter"] == {
        "reason": "no such payment",
        "source": "notifications:0:3",
    }


def test_a_letter_that_kept_no_headers_is_found_by_the_place_of_its_record() -> None:
    mine, another = event("asked", offset=3), event("asked", offset=4)
    found = story(mine, letter(another, at=19, cut=True), letter(mine, at=20, cut=True))
    assert [str(node.step.address) for node in found.nodes] == [
        "notifications:0:3",
        "payments_service.dlq:0:20",
    ]


def test_what_was_redriven_stands_below_the_first_copy_and_caused_what_followed() -> None:
    first, again = event("asked", offset=3), event("asked", offset=9)
    dead = letter(first, at=20)
    moved = event("moved", "asked", at=6_000, topic="stock")
    found = story(first, again, dead, resolution(dead), moved)
    shown = drawn(found)
    assert [row[: row.index("20")] for row in shown] == ["└── ", "    ├── ", "    │   └── ", "    └── "]
    assert shown[1].endswith("notifications:0:9  alice  again")
    assert " moved " in shown[2]
    assert shown[3].endswith("redriven 2026-11-21T05:55:43.000Z")


def test_events_that_claim_to_have_caused_each_other_are_all_shown() -> None:
    ring = [event("a", "c"), event("b", "a", at=1), event("c", "b", at=2), event("alone", "alone", at=3)]
    assert len(drawn(story(*ring))) == 4


def test_a_cause_with_a_later_clock_is_a_cause() -> None:
    assert types(story(event("asked", at=9), event("moved", "asked"))) == [
        ("moved", "asked"),
        ("asked", None),
    ]
    assert len(drawn(story(event("asked", at=9), event("moved", "asked")))) == 2


def test_an_event_leads_to_its_request() -> None:
    search = Search(identity("moved"))
    for record in (event("asked"), event("moved", "asked")):
        search.look(record)
    assert search.correlation_id() == STORY
    assert Search("nobody").correlation_id() == "nobody"


def test_a_story_is_bounded_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_STEPS == 1_000
    monkeypatch.setattr(reading, "MOST_STEPS", 2)
    found = story(*(event(f"e{number}", at=number) for number in range(5)))
    assert [kind for kind, _ in types(found)] == ["e0", "e1"]
    assert "; 3 more are not shown" in showing.summary(found)
    assert showing.as_json(found)["left_out"] == 3


NAMES = some.sampled_from(
    ["ce_id", "ce_type", "ce_source", "ce_time", "ce_causationid", "traceparent", *ORIGIN, CUT, RESOLUTION]
)


@given(
    headers=some.lists(some.tuples(NAMES, some.binary(max_size=12))),
    origin=some.lists(some.binary(max_size=9), min_size=6, max_size=6),
    value=some.none() | some.binary() | some.text().map(str.encode),
    timestamp=some.integers(-(2**63), 2**63 - 1),
)
def test_whatever_a_record_holds_it_is_drawn_and_can_do_nothing_to_the_terminal(
    headers: Headers, origin: list[bytes], value: bytes | None, timestamp: int
) -> None:
    mine = [("ce_correlationid", STORY.encode()), *headers]
    buried = [*mine, *zip(ORIGIN, origin, strict=True)]
    found = story(
        Read("notifications", 1, mine, timestamp, value), Read("notifications", 2, buried, timestamp, value)
    )
    assert len(found.nodes) == 2
    assert all(row.isprintable() for row in drawn(found))
    assert len(json.loads(json.dumps(showing.as_json(found)))["records"]) == 2
