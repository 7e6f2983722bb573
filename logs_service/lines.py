"""A line, and what can be known about it: from the JSON that it is, or from the headers of the record that it was."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic_core import from_json

_NOTHING: Mapping[str, Any] = {}


class Headers(NamedTuple):
    """What the headers of an event say (CloudEvents), in the words of a log line."""

    event: str
    service: str
    correlation_id: str


class Line:
    """One line and the record that it was. `time` is the record's, in milliseconds.

    `headers`: None if it is a log line, which says everything itself.
    """

    __slots__ = ("_members", "headers", "offset", "partition", "text", "time")

    def __init__(
        self, partition: int, offset: int, time: int, text: bytes, headers: Headers | None = None
    ) -> None:
        self.partition, self.offset, self.time, self.text = partition, offset, time, text
        self.headers = headers
        self._members: Mapping[str, Any] | None = None

    def __repr__(self) -> str:
        return f"Line({self.partition}, {self.offset}, {self.time}, {self.text!r})"

    @property
    def members(self) -> Mapping[str, Any]:
        """Of the JSON object that it is, headers first; none if it is something else. Read once, when asked for."""
        if self._members is None:
            members = _object(self.text)
            self._members = {**members, **self.headers._asdict()} if self.headers else members
        return self._members


def _object(text: bytes) -> Mapping[str, Any]:
    try:
        value = from_json(text)
    except ValueError:
        return _NOTHING
    return value if isinstance(value, dict) else _NOTHING
