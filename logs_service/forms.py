"""The forms in which a client can have its lines: which of them, and how each is written down.

An encoding turns a line into bytes, and may write down the place of whoever has got that line. What a form gives is
the same for all clients at that place, so that it is made once.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from logs_service.filters import Filter
from logs_service.frames import text_frame
from logs_service.lines import Line
from logs_service.position import Mark, Position, stamp, token

_quoted = json.JSONEncoder(ensure_ascii=False).encode

Reached = Callable[[], Position]  # for those who write it down; to the others it shall cost nothing


PROGRESS = "progress"  # the notice for those whose filter lets nothing through: only the token is new


class Encoding(Protocol):
    shared: bool  # others will want the same lines in it, so that the ring keeps them

    def line(self, line: Line, reached: Reached) -> bytes: ...

    def notice(self, what: str, position: Position, **members: object) -> bytes | None:
        """None: there is no way to tell it among the lines."""


@dataclass(frozen=True, slots=True)
class Form:
    """Encodings are equal if they are the same object."""

    encoding: Encoding
    filter: Filter | None = None


class Envelope:
    """`?meta=1`: a JSON object around the line, which is in it as a string, byte for byte."""

    def __init__(self, topic: str) -> None:
        self._topic = _quoted(topic)

    def around(self, line: Line, position: Position) -> bytes:
        return (
            f'{{"token":"{token(position)}","topic":{self._topic},"partition":{line.partition},'
            f'"offset":{line.offset},"time":"{rfc3339(line.time)}","line":{_quoted(line.text.decode())}}}'.encode()
        )

    def notice(self, what: str, position: Position, **members: object) -> bytes:
        return json.dumps({"notice": what, **members, "token": token(position)}).encode()


class RawFrames:
    """A WebSocket's text frame for each line, and nothing else."""

    shared = True

    def line(self, line: Line, reached: Reached) -> bytes:
        return text_frame(line.text)

    def notice(self, what: str, position: Position, **members: object) -> bytes | None:
        return None


class MetaFrames:
    """A text frame for each envelope."""

    shared = True

    def __init__(self, envelope: Envelope) -> None:
        self._envelope = envelope

    def line(self, line: Line, reached: Reached) -> bytes:
        return text_frame(self._envelope.around(line, reached()))

    def notice(self, what: str, position: Position, **members: object) -> bytes | None:
        return text_frame(self._envelope.notice(what, position, **members))


class Events:
    """Server-Sent Events (https://html.spec.whatwg.org/multipage/server-sent-events.html). The id is the token, which
    browsers send again when they come back."""

    shared = True

    def __init__(self, envelope: Envelope, meta: bool) -> None:
        self._envelope, self._meta = envelope, meta

    def line(self, line: Line, reached: Reached) -> bytes:
        position = reached()
        data = self._envelope.around(line, position) if self._meta else line.text
        return b"id: %s\ndata: %s\n\n" % (token(position).encode(), data)

    def notice(self, what: str, position: Position, **members: object) -> bytes | None:
        """Progress is an id without data: it counts, and nobody is told."""
        place = f"id: {token(position)}\n".encode()
        if what == PROGRESS:
            return place + b"\n"
        return b"event: notice\n%sdata: %s\n\n" % (
            place,
            self._envelope.notice(what, position, **members),
        )


class JsonLines:
    """A file with one JSON document a line (NDJSON), if that is what the lines are."""

    shared = False

    def __init__(self, envelope: Envelope, meta: bool) -> None:
        self._envelope, self._meta = envelope, meta

    def line(self, line: Line, reached: Reached) -> bytes:
        return (self._envelope.around(line, reached()) if self._meta else line.text) + b"\n"

    def notice(self, what: str, position: Position, **members: object) -> bytes | None:
        return self._envelope.notice(what, position, **members) + b"\n" if self._meta else None


RAW = Form(RawFrames())


def encoded(form: Form, lines: Iterable[Line], position: Position) -> bytes:
    """Of these lines those that the form wants, for somebody at `position`."""
    passed: dict[int, Line] = {}  # by partition, the last one
    parts: list[bytes] = []

    def place() -> Position:
        return behind(passed.values(), position)

    for line in lines:
        passed[line.partition] = line
        if form.filter is None or line in form.filter:
            parts.append(form.encoding.line(line, place))
    return b"".join(parts)


def behind(lines: Iterable[Line], position: Position) -> Position:
    """Where somebody at `position` is when he has had these lines."""
    last = {line.partition: line for line in lines}
    return {**position, **{number: Mark(line.offset, stamp(line.time)) for number, line in last.items()}}


def rfc3339(time: int) -> str:
    return datetime.fromtimestamp(time / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
