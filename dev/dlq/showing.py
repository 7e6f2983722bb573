"""Letters for a person and for a program. Whatever a record holds, it can do nothing to the terminal."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from contracts import rfc3339
from dev.dlq.letters import Letter, Resolution
from event_bus import Record

LONGEST_KEY = 80  # characters of a key in a list; `show` has all of it
ROW = 16  # bytes in a line of a dump


def printable(raw: bytes | None) -> str:
    """Text as it is, but for what moves the cursor, turns the writing or can't be seen; other bytes as 0x…"""
    if raw is None:
        return "(none)"
    try:
        return escaped(raw.decode())
    except UnicodeDecodeError:
        return f"0x{raw.hex()}"


def escaped(text: str) -> str:
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text
    )


def moment(milliseconds: int) -> str:
    """As Kafka's clock has it, in UTC."""
    try:
        at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{milliseconds} ms"  # a record may claim any time
    return rfc3339(at)


def size(letter: Letter) -> str:
    return f"{letter.size:,} bytes{', cut' if letter.cut else ''}"


def key(letter: Letter) -> str:
    whole = printable(letter.key)
    return whole if len(whole) <= LONGEST_KEY else whole[:LONGEST_KEY] + "…"


def lines(letter: Letter, resolution: Resolution | None) -> Iterator[str]:
    """The letter in a list."""
    yield f"  {letter.address}  {moment(letter.buried)}  from {letter.source}  key {key(letter)}  {size(letter)}"
    yield f"    {escaped(letter.reason)}"
    if resolution:
        yield f"    {resolution.how} {moment(resolution.at)}"


def as_json(letter: Letter, resolution: Resolution | None) -> dict[str, Any]:
    """The shape is a promise to programs."""
    return {
        "address": str(letter.address),
        "service": letter.service,
        "reason": letter.reason,
        "source": str(letter.source),
        "time": moment(letter.buried),
        "key": key(letter),
        "size": letter.size,
        "cut": letter.cut,
        "resolution": {"how": resolution.how, "time": moment(resolution.at)} if resolution else None,
    }


def whole(record: Record, letter: Letter, resolution: Resolution | None) -> Iterator[str]:
    """Everything there is about one letter."""
    yield f"letter   {letter.address}"
    yield f"service  {escaped(letter.service)}"
    yield f"reason   {escaped(letter.reason)}"
    yield f"source   {letter.source}"
    yield f"time     {moment(letter.buried)}"
    yield f"state    {f'{resolution.how} {moment(resolution.at)}' if resolution else 'open'}"
    yield f"key      {printable(record.key)}"
    yield "headers"
    yield from (f"  {escaped(name)}: {printable(part)}" for name, part in record.headers)
    yield f"value    {'none' if record.value is None else size(letter)}"
    yield from value(record.value or b"")
    if letter.cut:
        yield "  … cut here: the record was too large to be kept whole, and its headers were not kept"


def value(raw: bytes) -> Iterator[str]:
    """Line by line where it is text, a dump where it is not. Indented, so that no line passes for one of ours."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        yield from (f"  {row}" for row in dump(raw))
    else:
        yield from (f"  {escaped(line)}" for line in text.split("\n") if text)


def dump(raw: bytes) -> Iterator[str]:
    for start in range(0, len(raw), ROW):
        row = raw[start : start + ROW]
        legible = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        yield f"{start:08x}  {row.hex(' '):<{3 * ROW}} {legible}"


def summary(letters: Sequence[Letter]) -> str:
    return f"{len(letters):,} letter{'' if len(letters) == 1 else 's'}"
