"""A record as the browser shows it, and which ones somebody wants. Records in, models out; no await."""

from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from contracts import rfc3339
from event_bus import Record

CUT_BYTES = 65_536  # of a key, a value or all headers in a list: 20 times the events of the shop


class Header(BaseModel):
    name: str
    value: str
    base64: bool = Field(description="The value is no UTF-8 and shown in base64.")


class Message(BaseModel):
    """A record."""

    topic: str
    partition: int
    offset: int
    time: str | None = Field(description="RFC 3339, in UTC; null for a time that no calendar has.")
    timestamp: int = Field(description="The same in milliseconds since 1970.")
    key: str | None
    key_base64: bool = Field(description="The key is no UTF-8 and shown in base64.")
    value: str | None = Field(description="null: the record is a tombstone.")
    value_base64: bool = Field(description="The value is no UTF-8 and shown in base64.")
    headers: list[Header]
    size: int = Field(description="Bytes of the value.")
    tombstone: bool = Field(description="There is no value: where only the last of a key is kept, none is.")
    cut: bool = Field(description="Not all of it is here; …/messages/PARTITION/OFFSET has all.")


class Filter(BaseModel):
    """Which messages."""

    model_config = ConfigDict(extra="forbid")

    partition: int | None = Field(default=None, ge=0, le=2**31 - 1)
    key: str | None = None
    contains: str = ""

    def __contains__(self, record: Record) -> bool:
        if self.key is not None and record.key != self.key.encode():
            return False
        return not self.contains or any(self.contains.encode() in part for part in _parts(record))


class _Text(NamedTuple):
    text: str
    base64: bool
    cut: bool


def message_of(record: Record, topic: str, whole: bool = False) -> Message:
    """`topic` is the name to show. Not `whole`: without what is behind CUT_BYTES."""
    most = 2**31 if whole else CUT_BYTES
    key, value = _text(record.key or b"", most), _text(record.value or b"", most)
    headers, headers_cut = _headers(record, most)
    return Message(
        topic=topic,
        partition=record.partition,
        offset=record.offset,
        time=_moment(record.timestamp),
        timestamp=record.timestamp,
        key=None if record.key is None else key.text,
        key_base64=key.base64,
        value=None if record.value is None else value.text,
        value_base64=value.base64,
        headers=headers,
        size=len(record.value or b""),
        tombstone=record.value is None,
        cut=key.cut or value.cut or headers_cut,
    )


def _text(raw: bytes, most: int) -> _Text:
    cut = len(raw) > most
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return _Text(b64encode(raw[:most]).decode(), True, cut)
    return _Text(raw[:most].decode(errors="ignore") if cut else text, False, cut)


def _headers(record: Record, most: int) -> tuple[list[Header], bool]:
    headers: list[Header] = []
    for name, raw in record.headers:
        most -= len(name.encode()) + len(raw or b"") + 32  # what it is as JSON
        if most < 0:
            return headers, True
        part = _text(raw or b"", len(raw or b""))
        headers.append(Header(name=name, value=part.text, base64=part.base64))
    return headers, False


def _parts(record: Record) -> Iterable[bytes]:
    yield record.value or b""
    yield record.key or b""
    for name, value in record.headers:
        yield name.encode()
        yield value or b""


def _moment(milliseconds: int) -> str | None:
    try:
        at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None  # a record may claim any time
    return rfc3339(at)
