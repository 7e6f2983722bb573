"""Which lines a client wants: a filter is compiled once, however many ask for it, and asked once for each line.

Members are compared with what stands in the line's JSON, or in the headers of the record; `contains` and `regex` look
at the line as it is sent.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache

import re2

from logs_service.lines import Line

LEVELS = ("debug", "info", "warning", "error", "critical")
LONGEST_REGEX = 256
# Of RE2, for one pattern: its automaton, made as far as lines need it. With less, what repeats and overlaps costs
# up to 1 ms a line; with this, 0.2 ms at most were measured. The time is linear in the line in any case.
REGEX_BYTES = 1024 * 1024
_KEPT = 1_000  # compiled filters; about as many as clients

Test = Callable[[Line], bool]


class BadFilter(ValueError):
    """`str(error)` is a sentence for the client."""


class Filter:
    """Equal if it asks for the same. `line in filter` needs all of its tests."""

    def __init__(self, asked: frozenset[tuple[str, str]]) -> None:
        self._asked = asked
        self._tests = [TESTS[name](name, value) for name, value in sorted(asked)]

    def __contains__(self, line: Line) -> bool:
        for test in self._tests:  # noqa: SIM110 - a generator takes three times as long, for each line and filter
            if not test(line):
                return False
        return True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Filter) and self._asked == other._asked

    def __hash__(self) -> int:
        return hash(self._asked)


def filter_of(fields: Mapping[str, str]) -> Filter | None:
    """From the parameters of a query, of which it takes its own. Raises BadFilter."""
    asked = frozenset((name, value) for name, value in fields.items() if name in TESTS)
    return _compiled(asked) if asked else None


@lru_cache(_KEPT)
def _compiled(asked: frozenset[tuple[str, str]]) -> Filter:
    return Filter(asked)


def _one_of(name: str, value: str) -> Test:
    """One value, or several by comma."""
    values = frozenset(value.split(","))
    if "" in values:
        raise BadFilter(f"{name} is a value, or several with a comma between.")

    def test(line: Line) -> bool:
        found = line.members.get(name)
        return isinstance(found, str) and found in values

    return test


def _at_least(name: str, value: str) -> Test:
    if value.lower() not in LEVELS:
        raise BadFilter(f"level is one of {', '.join(LEVELS)}; it means that and what is graver.")
    wanted = frozenset(LEVELS[LEVELS.index(value.lower()) :])

    def test(line: Line) -> bool:
        found = line.members.get(name)
        return isinstance(found, str) and found.lower() in wanted

    return test


def _contains(name: str, value: str) -> Test:
    wanted = value.encode()
    if not wanted:
        raise BadFilter("contains is a piece of a line.")
    return lambda line: wanted in line.text


def _matches(name: str, value: str) -> Test:
    if not 0 < len(value) <= LONGEST_REGEX:
        raise BadFilter(f"regex has 1 to {LONGEST_REGEX} characters.")
    options = re2.Options()
    options.max_mem = REGEX_BYTES
    options.log_errors = False  # a client's mistake is nothing for our stderr
    try:
        search = re2.compile(value.encode(), options).search
    except re2.error as error:
        reason = error.args[0].decode(errors="replace") if error.args else ""
        raise BadFilter(
            f"regex is not one of RE2 (it has no look-around, no back-reference): {reason}."
        ) from error
    return lambda line: search(line.text) is not None


TESTS: Mapping[str, Callable[[str, str], Test]] = {
    "service": _one_of,
    "event": _one_of,
    "user": _one_of,
    "correlation_id": _one_of,
    "level": _at_least,
    "contains": _contains,
    "regex": _matches,
}
