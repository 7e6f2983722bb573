"""Records that are no events, or hardly: noise, and good messages in which something was changed.

Made by plain chance, seeded by hypothesis: a choice of its own for each piece would cost ten times the time of all
that is tested, and what is found is small enough without being shrunk.
"""

import json
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.event_bus.test_wire import SAMPLES, Read

Header = tuple[str, bytes | None]


class Parts(NamedTuple):
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]


def _golden() -> list[Parts]:
    messages = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(SAMPLES.glob("*.json"))]
    return [
        Parts(
            message["key"].encode(),
            message["value"].encode(),
            tuple((name, text.encode()) for name, text in message["headers"].items()),
        )
        for message in messages
    ]


GOLDEN = _golden()
NAMES = sorted({name for parts in GOLDEN for name, _ in parts.headers})
TYPES = sorted(value for parts in GOLDEN for name, value in parts.headers if name == "ce_type" and value)
MEMBERS = sorted({name for parts in GOLDEN for name in json.loads(parts.value or b"")})

ODD_BYTES = (
     b"", b"\x00", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"%ff", b"%00", b"a\r\nb: c", b"\x1b[31m", b"null",
     "\u2028\u2029\u202e\x85".encode(), b"1.0", b"0.3", b"9" * 5000, b"x" * 100_000, b"-1", b"NaN", b"//", b"http://[",
     b"application/json; charset=utf-16", b"application/cloudevents+json", b"application/cloudevents-batch+json",
     b"2026-02-30T25:61:61Z", b"0001-01-01T00:00:00+14:00", b"9999-12-31T23:59:59-14:00",
     b"2026-11-21T03:11:04.1234567Z",
     b"{00000000-0000-0000-0000-000000000001}", b"urn:uuid:00000000-0000-0000-0000-000000000001"
)  # fmt: skip
# Members of JSON, as they are written.
ODD_JSON = (
     b"null", b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-0", b"1E400", b"0.1", b"9" * 400, b"9" * 5000, b"true",
     b"[]", b"{}", b'""', b"9223372036854775808", b"-" + b"9" * 400, b"[" * 3000, b"[" * 200 + b"]" * 200,
     b'{"a":' * 300 + b"1" + b"}" * 300, b'"' + b"x" * 70_000 + b'"', b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\u0000"',
     b'"\\u2028\\r\\n\\u001b"', b'"\xff"', b'"\xed\xa0\x80"', b'"1"', b'"\\uZZZZ"', b'"\\x"', b'"a\nb"', b"01", b"+1",
     b"1_000", b"'a'", b"undefined", "\u0663".encode()
)  # fmt: skip
ODD_TEXT = "aZ0 _-.:/%\\\"'{}[],\x00\x1b\r\n\x85\u2028\u202eé\U0001f600"


def records() -> st.SearchStrategy[Read]:
    return st.randoms(use_true_random=True).map(_record)


def _record(chance: Random) -> Read:
    parts = _noise(chance) if chance.random() < 0.2 else _mutant(chance)
    return Read(parts.key, parts.value, list(parts.headers))


def _noise(chance: Random) -> Parts:
    names = [chance.choice([*NAMES, _text(chance)]) for _ in range(chance.randint(0, 14))]
    headers = tuple((name, chance.choice([_bytes(chance), *TYPES])) for name in names)
    return Parts(_bytes(chance), chance.choice([_bytes(chance), *ODD_JSON]), headers)


def _mutant(chance: Random) -> Parts:
    """A golden message, changed in one to five places; mostly in one, so that what is checked late is reached."""
    parts = chance.choice(GOLDEN)
    for _ in range(chance.choice([1, 1, 1, 2, 3, 5])):
        parts = chance.choice(CHANGES)(chance, parts)
    return parts


def _bytes(chance: Random) -> bytes | None:
    return chance.choice([None, chance.choice(ODD_BYTES), chance.randbytes(chance.randint(0, 40))])


def _text(chance: Random) -> str:
    return "".join(chance.choices(ODD_TEXT, k=chance.randint(0, 12)))


def _other_header(chance: Random, parts: Parts) -> Parts:
    name, value = chance.choice(NAMES), chance.choice([_bytes(chance), *TYPES])
    return _without(parts, name)._replace(headers=(*_without(parts, name).headers, (name, value)))


def _header_gone(chance: Random, parts: Parts) -> Parts:
    return _without(parts, chance.choice(NAMES))


def _without(parts: Parts, name: str) -> Parts:
    return parts._replace(headers=tuple(header for header in parts.headers if header[0] != name))


def _one_more_header(chance: Random, parts: Parts) -> Parts:
    odd = ["ce_", "ce_data", "ce_data_base64", "ce_Größe", "CE_ID", _text(chance), f"ce_{_text(chance)}"]
    return parts._replace(headers=(*parts.headers, (chance.choice([*NAMES, *odd]), _bytes(chance))))


def _other_key(chance: Random, parts: Parts) -> Parts:
    return parts._replace(key=_bytes(chance))


def _other_subject(chance: Random, parts: Parts) -> Parts:
    """The key too, so that what is checked after their being the same is reached."""
    subject = _bytes(chance)
    rest = _without(parts, "ce_subject").headers
    return parts._replace(key=subject, headers=(*rest, ("ce_subject", subject)))


def _other_value(chance: Random, parts: Parts) -> Parts:
    return parts._replace(value=chance.choice([_bytes(chance), *ODD_JSON, chance.choice(GOLDEN).value]))


def _other_bytes(chance: Random, parts: Parts) -> Parts:
    """A piece of the value is overwritten, taken out or put in."""
    value = parts.value or b""
    start = chance.randint(0, len(value))
    end = start + chance.randint(0, 4)
    return parts._replace(value=value[:start] + chance.randbytes(chance.randint(0, 4)) + value[end:])


def _other_member(chance: Random, parts: Parts) -> Parts:
    """Replaced, added, or there twice."""
    members = _members(parts.value)
    name = chance.choice([*members, *members, *MEMBERS])
    odd = chance.choice(
        [
            *ODD_JSON,
            json.dumps(_text(chance)).encode(),
            json.dumps(_text(chance), ensure_ascii=False).encode(),
        ]
    )
    twice = chance.random() < 0.2
    pairs = [
        (other, json.dumps(value).encode()) for other, value in members.items() if twice or other != name
    ]
    written = b",".join(json.dumps(other).encode() + b":" + value for other, value in [*pairs, (name, odd)])
    return parts._replace(value=b"{" + written + b"}")


def _members(value: bytes | None) -> dict[str, Any]:
    try:
        found = json.loads(value or b"")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


Change = Callable[[Random, Parts], Parts]
CHANGES: list[Change] = [
    _other_header, _header_gone, _one_more_header, _other_key, _other_subject, _other_value, _other_bytes,
    _other_member, _other_member, _other_member,
]  # fmt: skip
