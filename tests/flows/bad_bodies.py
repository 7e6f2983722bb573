"""Bodies that no endpoint accepts, whatever its fields are, and the status of each."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

Fields = Mapping[str, str]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class BadBody:
    what: str
    status: int
    headers: Mapping[str, str]
    body: Callable[[Fields], bytes]  # from fields that would be accepted


def form(fields: Fields, *more: str) -> bytes:
    return "&".join([urlencode(fields), *more]).encode()


def streamed(size: int) -> bytes:
    return b"x=" + b"y" * size


async def pieces(size: int) -> object:
    for _ in range(size // 1024):
        yield b"y" * 1024


BAD_BODIES = [
    BadBody(
        "form over 8 KiB",
        413,
        FORM,
        lambda ok: form(ok, "x=" + "y" * 3000, "z=" + "y" * 3000, "w=" + "y" * 3000),
    ),
    BadBody("JSON over 8 KiB", 413, JSON, lambda ok: json.dumps({**ok, "x": "y" * 8200}).encode()),
    BadBody("form over 8 KiB, streamed", 413, FORM, lambda ok: pieces(10 * 1024)),  # type: ignore[arg-type,return-value]
    BadBody("no media type", 415, {}, form),
    BadBody("plain text", 415, {"Content-Type": "text/plain"}, form),
    BadBody("multipart", 415, {"Content-Type": "multipart/form-data; boundary=x"}, form),
    BadBody("another character set", 415, {"Content-Type": FORM["Content-Type"] + "; charset=latin-1"}, form),
    BadBody("compressed", 415, FORM | {"Content-Encoding": "gzip"}, form),
    BadBody("invalid UTF-8 in the form", 400, FORM, lambda ok: form(ok, "x=%FF")),
    BadBody("half a percent escape", 400, FORM, lambda ok: form(ok, "x=%F")),
    BadBody("raw invalid UTF-8", 400, FORM, lambda ok: form(ok) + b"&x=\xff"),
    BadBody("invalid UTF-8 in JSON", 400, JSON, lambda ok: b'{"username":"\xff"}'),
    BadBody("doubled field", 400, FORM, lambda ok: form(ok, "x=1", "x=2")),
    BadBody(
        "doubled field of JSON", 400, JSON, lambda ok: json.dumps(dict(ok)).encode()[:-1] + b',"x":1,"x":2}'
    ),
    BadBody("21 fields", 400, FORM, lambda ok: form(ok, *(f"x{n}=1" for n in range(21)))),
    BadBody(
        "21 fields of JSON",
        400,
        JSON,
        lambda ok: json.dumps({**ok, **{f"x{n}": 1 for n in range(21)}}).encode(),
    ),
    BadBody("a field over 4 KiB", 400, FORM, lambda ok: form(ok, "x=" + "y" * 4097)),
    BadBody("a field of JSON over 4 KiB", 400, JSON, lambda ok: json.dumps({**ok, "x": "y" * 4097}).encode()),
    BadBody("cut JSON", 400, JSON, lambda ok: json.dumps(dict(ok)).encode()[:-1]),
    BadBody("a JSON list", 400, JSON, lambda ok: b"[]"),
    BadBody("NaN", 400, JSON, lambda ok: b'{"amount": NaN}'),
    BadBody("half a surrogate pair", 400, JSON, lambda ok: b'{"username": "\\ud800"}'),
    BadBody("nested without end", 400, JSON, lambda ok: b"[" * 8000),
]
