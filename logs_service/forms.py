"""The forms in which a client can have a line: as it is, or in an envelope that says where it stands.

A form turns a line, and the position of whoever has got it, into one frame. Whatever it gives is the same for
all clients at that position, so that the ring makes it once.
"""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from logs_service.frames import text_frame
from logs_service.position import Mark, Position, stamp, token

_quoted = json.JSONEncoder(ensure_ascii=False).encode


class Line(NamedTuple):
    """One line and the record that it was. `time` is the record's, in milliseconds."""

    partition: int
    offset: int
    time: int
    text: bytes


Form = Callable[[Line, Position], bytes]


def raw(line: Line, reached: Position) -> bytes:
    return text_frame(line.text)


class Envelope:
    """`?meta=1`: a JSON object; `line` is the raw frame as a string."""

    def __init__(self, topic: str) -> None:
        self._topic = _quoted(topic)

    def __call__(self, line: Line, reached: Position) -> bytes:
        return text_frame(
            f'{{"token":"{token(reached)}","topic":{self._topic},"partition":{line.partition},'
            f'"offset":{line.offset},"time":"{rfc3339(line.time)}","line":{_quoted(line.text.decode())}}}'.encode()
        )


def notice(what: str, reached: Position, **members: object) -> bytes:
    return text_frame(json.dumps({"notice": what, **members, "token": token(reached)}).encode())


def frames(form: Form, lines: Iterable[Line], position: Position) -> tuple[bytes, Position]:
    """The lines for somebody at `position`, and where he is when he has them."""
    reached = dict(position)
    parts: list[bytes] = []
    for line in lines:
        reached[line.partition] = Mark(line.offset, stamp(line.time))
        parts.append(form(line, reached))
    return b"".join(parts), reached


def rfc3339(time: int) -> str:
    return datetime.fromtimestamp(time / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
