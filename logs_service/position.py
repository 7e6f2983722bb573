"""How far somebody has come in the topic, per partition, and the token that tells it to a client.

A token holds every partition that the hub knew, so it means the same on each replica and after a restart. Beside the
offset stands a stamp of the record's time: a topic that was made anew has other records at the same offsets.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import NamedTuple
from zlib import crc32

UNSTAMPED = 0
_STAMPS = (1 << 24) - 1  # three bytes: two records at one offset share a stamp once in 16 million
_VERSION = b"\x01"
_MARK_BYTES = 11  # partition 2, offset 6, stamp 3: eight partitions still fit the reason of a close frame
_CHECK_BYTES = 2  # a token that was cut or mistyped is refused; it would mean another place


class Mark(NamedTuple):
    """The last record that somebody has of a partition; -1: none. `stamp` is UNSTAMPED where no line was there."""

    offset: int
    stamp: int = UNSTAMPED


Position = Mapping[int, Mark]  # by the number of the partition; one that is not in it has given nothing yet
NOTHING = Mark(-1)


class NoToken(ValueError):
    """What a client gave us was not made by a hub."""


def stamp(time: int) -> int:
    return time % _STAMPS + 1


def covers(position: Position, other: Position) -> bool:
    """Whoever is at `position` has everything that one at `other` has."""
    return all(position.get(partition, NOTHING).offset >= mark.offset for partition, mark in other.items())


def token(position: Position) -> str:
    marks = b"".join(
        [
            (partition << 72 | mark.offset + 1 << 24 | mark.stamp).to_bytes(_MARK_BYTES, "big")
            for partition, mark in position.items()
        ]
    )
    packed = _VERSION + marks
    return base64.urlsafe_b64encode(packed + _check(packed)).rstrip(b"=").decode()


def position_of(text: str) -> dict[int, Mark]:
    """Raises NoToken."""
    try:
        whole = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoToken(text) from error
    packed, check = whole[:-_CHECK_BYTES], whole[-_CHECK_BYTES:]
    marks = packed[1:]
    if packed[:1] != _VERSION or check != _check(packed) or len(marks) % _MARK_BYTES:
        raise NoToken(text)
    return dict(_mark(marks[at : at + _MARK_BYTES]) for at in range(0, len(marks), _MARK_BYTES))


def _mark(packed: bytes) -> tuple[int, Mark]:
    number = int.from_bytes(packed, "big")
    return number >> 72, Mark((number >> 24 & (1 << 48) - 1) - 1, number & (1 << 24) - 1)


def _check(packed: bytes) -> bytes:
    return (crc32(packed) & 0xFFFF).to_bytes(_CHECK_BYTES, "big")
