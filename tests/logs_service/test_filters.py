"""A filter shows what it says: against plain Python over the same lines."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logs_service.filters import LEVELS, TESTS, BadFilter, filter_of
from logs_service.lines import Headers, Line


def line(text: str, headers: Headers | None = None) -> Line:
    return Line(0, 0, 0, text.encode(), headers)


def logged(**members: Any) -> Line:
    return line(json.dumps(members, ensure_ascii=False))


def shown(one: Line, **asked: str) -> bool:
    wanted = filter_of(asked)
    assert wanted is not None
    return one in wanted


PAID = logged(
    level="INFO", service="payments_service", event="payments.accepted", user="alice", message="paid é"
)


@pytest.mark.parametrize(
    ("asked", "is_shown"),
    [
        ({"service": "payments_service"}, True),
        ({"service": "payments"}, False),
        ({"service": "users_service,payments_service"}, True),
        ({"event": "payments.accepted"}, True),
        ({"event": "payments.declined"}, False),
        ({"user": "alice"}, True),
        ({"user": "Alice"}, False),
        ({"correlation_id": "alice"}, False),
        ({"level": "info"}, True),
        ({"level": "DEBUG"}, True),
        ({"level": "warning"}, False),
        ({"contains": "paid é"}, True),
        ({"contains": "PAID"}, False),
        ({"regex": 'user": "a.*e"'}, True),
        ({"regex": "(?i)PAID .$"}, False),
        ({"regex": r"paid \pL"}, True),
        ({"user": "alice", "event": "payments.accepted", "contains": "paid"}, True),
        ({"user": "alice", "event": "payments.accepted", "contains": "lost"}, False),
    ],
)
def test_a_line_is_shown_if_all_that_was_asked_for_holds(asked: dict[str, str], is_shown: bool) -> None:
    assert shown(PAID, **asked) is is_shown


@pytest.mark.parametrize(
    "text", ["", "no JSON", "[1]", '"user"', '{"user":', "null", "[" * 1000, '{"user":["alice"]}']
)
def test_what_is_no_object_has_no_members_and_contains_what_it_contains(text: str) -> None:
    assert not shown(line(text), user="alice")
    assert not shown(line(text), level="debug")
    assert not text or shown(line(text), contains=text[:3])


def test_of_an_event_the_headers_say_what_it_is() -> None:
    event = line(
        '{"user":"alice","service":"a forgery"}', Headers("stock.moved.v1", "inventories_service", "r17")
    )
    assert shown(
        event, event="stock.moved.v1", service="inventories_service", correlation_id="r17", user="alice"
    )
    assert not shown(event, service="a forgery")


MEMBERS = ("service", "event", "user", "correlation_id")
VALUES = st.sampled_from(["a", "b", "c.d"])


@given(
    st.lists(
        st.fixed_dictionaries(
            {}, optional=dict.fromkeys(MEMBERS, VALUES) | {"level": st.sampled_from(LEVELS)}
        )
    ),
    st.dictionaries(st.sampled_from(MEMBERS), st.lists(VALUES, min_size=1).map(",".join), min_size=1),
    st.sampled_from(LEVELS),
)
def test_filters_against_plain_python(said: list[dict[str, str]], asked: dict[str, str], level: str) -> None:
    def wanted(members: dict[str, str]) -> bool:
        grave = LEVELS.index(members["level"]) >= LEVELS.index(level) if "level" in members else False
        return grave and all(members.get(name) in values.split(",") for name, values in asked.items())

    assert [shown(logged(**one), **asked, level=level) for one in said] == [wanted(one) for one in said]


def test_a_filter_is_compiled_once_however_often_it_is_asked_for() -> None:
    assert filter_of({"regex": "paid", "user": "a"}) is filter_of({"user": "a", "regex": "paid", "last": "5"})
    assert filter_of({"user": "a"}) != filter_of({"user": "b"})
    assert filter_of({"last": "5"}) is None


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"level": "loud"}, "level is one of debug, info, warning, error, critical"),
        ({"service": ""}, "service is a value, or several"),
        ({"user": "a,,b"}, "user is a value, or several"),
        ({"contains": ""}, "contains is a piece of a line"),
        ({"regex": ""}, "regex has 1 to 256 characters"),
        ({"regex": "x" * 257}, "regex has 1 to 256 characters"),
        ({"regex": "(unclosed"}, "regex is not one of RE2"),
        ({"regex": r"(a)\1"}, "regex is not one of RE2"),
        ({"regex": "a(?=b)"}, "regex is not one of RE2"),
        ({"regex": "((a{1,1000}){1,1000}){1,1000}"}, "regex is not one of RE2"),
        ({"regex": ".{1000}" * 30}, "too large"),
    ],
)
def test_what_can_not_be_a_filter_is_refused_with_a_sentence(asked: dict[str, str], why: str) -> None:
    with pytest.raises(BadFilter, match=why):
        filter_of(asked)


@pytest.mark.parametrize("regex", ["(a+)+$", "(a|aa)+$", "(.*a){20}$", "(?:a?){100}a{100}", "(x+x+)+y"])
def test_a_catastrophic_pattern_takes_time_linear_in_the_line(regex: str) -> None:
    """Backtracking would not come to an end here: 2 to the power of 100,000 steps."""
    assert not shown(line("a" * 100_000 + "!"), regex=regex + "z")


def test_every_filter_is_a_parameter() -> None:
    assert set(TESTS) == {"service", "event", "level", "user", "correlation_id", "contains", "regex"}
