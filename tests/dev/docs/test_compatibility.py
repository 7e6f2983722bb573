"""What may become of a schema, and what not: on schemas made for it."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from dev.docs.compatibility import advice, breaks
from dev.docs.schemas import READERS, TOPIC

Schema = dict[str, Any]
ORDER: Schema = {
    TOPIC: "orders",
    READERS: ["kitchen"],
    "type": "object",
    "title": "Order",
    "properties": {
        "dish": {"type": "string"},
        "pieces": {"type": "integer"},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "size": {"enum": ["S", "L"]},
        "title": {"type": "string"},
        "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}},
    },
    "required": ["dish", "pieces", "parts"],
    "$defs": {"Part": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}},
}


def after(change: Callable[[Schema], object]) -> list[str]:
    new = copy.deepcopy(ORDER)
    change(new)
    return [str(found) for found in breaks({"orders.placed.v1": ORDER}, {"orders.placed.v1": new})]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda s: s["properties"].pop("note"), "note was removed"),
        (lambda s: s["properties"].pop("title"), "title was removed"),
        (
            lambda s: s["properties"].update(pieces={"type": "number"}),
            "pieces has another type: integer → number",
        ),
        (lambda s: s["properties"].update(note={"type": "string"}), "note was narrowed"),
        (lambda s: s["properties"]["dish"].update(maxLength=3), "dish was narrowed"),
        (lambda s: s["properties"]["size"].update(enum=["S"]), "size was narrowed"),
        (lambda s: s["properties"]["size"].update(enum=["S", "M", "L"]), "size was widened"),
        (
            lambda s: s["properties"].update(dish={"anyOf": [{"type": "string"}, {"type": "null"}]}),
            "dish was widened, so a reader that still runs",
        ),
        (lambda s: s["required"].remove("dish"), "dish need not be there any more"),
        (lambda s: s["required"].append("note"), "note must be there now"),
        (
            lambda s: s["properties"].update(table={"type": "integer"}) or s["required"].append("table"),
            "table must be",
        ),
        (lambda s: s["$defs"]["Part"]["properties"].pop("name"), "parts[].name was removed"),
        (lambda s: s.update({TOPIC: "other"}), "has moved from orders to other"),
    ],
    ids=range(13),
)
def test_a_change_that_breaks_somebody_is_told_with_field_and_reader(
    change: Callable[[Schema], object], told: str
) -> None:
    found = after(change)
    assert any(told in line for line in found), found
    assert all(line.startswith("orders.placed.v1") and line.endswith("this breaks kitchen") for line in found)


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s["properties"].update(table={"type": "integer", "default": 1}),
        lambda s: s["properties"]["dish"].update(description="what was ordered"),
        lambda s: s.update(title="Ordered", description="Another sentence."),
        lambda s: s.update({READERS: ["kitchen", "bar"]}),
    ],
    ids=range(4),
)
def test_what_breaks_nobody_is_allowed(change: Callable[[Schema], object]) -> None:
    assert after(change) == []


def test_an_event_that_is_gone_breaks_who_read_it_when_it_was_released() -> None:
    assert [str(found) for found in breaks({"orders.placed.v1": ORDER}, {})] == [
        "orders.placed.v1 is gone, or has another name: its records still lie on its topic; this breaks kitchen"
    ]


def test_the_advice_names_the_next_version() -> None:
    assert "orders.placed.v10" in advice("orders.placed.v9")
