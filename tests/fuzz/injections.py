"""Text that would be a second line, a command to a terminal or the end of a string, wherever text is taken."""

import json
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote_from_bytes

from tests.fuzz.bodies import FORM, GOOD, JSON
from tests.fuzz.wire import Request

FORGED = '{"level":"ERROR","message":"forged"}'
TEXTS = {
    "CR LF": f"\r\n{FORGED}\r\n",
    "LF": f"\n{FORGED}",
    "CR": f"\r{FORGED}",
    "a header": "\r\nX-Injected: 1",
    "ESC": "\x1b[2J\x1b[31mred",
    "a C1 control": "\x9b31mred",
    "NEL": f"\x85{FORGED}",
    "LINE SEPARATOR": f"\u2028{FORGED}",
    "PARAGRAPH SEPARATOR": f"\u2029{FORGED}",
    "RTL override": "\u202egpj.exe",
    "RTL isolate": "\u2067gpj.exe",
    "NUL": "\x00",
    "DEL": "\x7f\x08",
    "tab and form feed": "\t\x0b\x0c",
    "quotes": '","level":"ERROR","x":"',
    "backslash": '\\',
    "backslash and quote": '\\",\\u000a"}',
    "braces": "'}{]${jndi:x}%s%n{0}<b>",
}  # fmt: skip
BYTES = {  # that are no UTF-8
    "a stray byte": b"\xff",
    "half a character": b"\xe2\x80",
    "an encoded surrogate": b"\xed\xa0\x80",
    "a long form of /": b"\xc0\xaf",
}
ESCAPES = {
    "half a surrogate pair": "\\ud800",
    "the other half": "\\udc00",
    "a pair the wrong way round": "\\udc00\\ud800",
}
RAW = {name: text.encode() for name, text in TEXTS.items()} | BYTES

HEADERS = [
    b"X-Request-ID", b"traceparent", b"tracestate", b"Idempotency-Key", b"User-Agent", b"Referer", b"X-Forwarded-For",
    b"X-Forwarded-Proto", b"Forwarded", b"Authorization", b"Origin", b"Host", b"Cookie", b"Accept", b"Content-Type",
    b"Content-Encoding", b"Last-Event-ID", b"If-None-Match", b"Access-Control-Request-Method", b"Upgrade",
]  # fmt: skip
PATHS = {
    "users_service": [b"/%s"],
    "payments_service": [b"/payments/%s"],
    "inventories_service": [b"/stock/%s", b"/stock?after=%s", b"/stock?limit=%s", b"/stock/mug?before=%s"],
    "notifications_service": [b"/%s"],
    "logs_service": [
        b"/topics/%s", b"/topics/%s/events", b"/%s=1", b"/download?last=%s", b"/download?since=%s",
        b"/download?after=%s", b"/download?contains=%s",
        b"/download?regex=%s", b"/download?user=%s", b"/download?level=%s", b"/download?%s=1",
        b"/events?access_token=%s",
    ],
    "kafka_browser": [
        b"/api/topics/%s", b"/api/groups/%s", b"/api/topics/logs/messages?contains=%s",
        b"/api/topics/logs/messages?key=%s",
        b"/api/topics/logs/messages?time=%s", b"/api/topics/%s/messages/0/0", b"/api/topics/logs/live?partition=%s",
        b"/api/dead-letters?before=%s", b"/%s.js",
    ],
}  # fmt: skip
ASKED = {  # where headers are tried
    "users_service": (b"POST", b"/login"),
    "payments_service": (b"POST", b"/pay"),
    "inventories_service": (b"GET", b"/stock"),
    "notifications_service": (b"GET", b"/healthz"),
    "logs_service": (b"GET", b"/topics"),
    "kafka_browser": (b"GET", b"/api/topics"),
}


class Injection(NamedTuple):
    """`text`: what the field then holds, if it is accepted."""

    service: str
    where: str
    what: str
    request: Request
    text: str = ""


def in_fields() -> Iterator[Injection]:
    for (service, path), good in GOOD.items():
        for field, value in good.items():
            for number, (what, kind, body, text) in enumerate(_bodies(good, field, value)):
                new = body.replace(
                    b"fuzz", f"{field}-{number}".encode()
                )  # a name that is taken would hide the rest
                request = Request(b"POST", path.encode(), [(b"Content-Type", kind)], new)
                yield Injection(service, f"{path} {field}", what, request, text)


def _bodies(good: dict[str, str], field: str, value: str) -> Iterator[tuple[str, bytes, bytes, str]]:
    rest = [(name, text.encode()) for name, text in good.items() if name != field]
    for what, raw in RAW.items():
        text = raw.decode(errors="replace")
        yield f"{what}, form", FORM, _form([*rest, (field, value.encode() + raw)]), value + text
        yield f"{what}, raw in a form", FORM, _form(rest) + b"&%s=" % field.encode() + raw, text
        yield f"{what}, raw in JSON", JSON, b'{"%s":"%s"}' % (field.encode(), raw), text
    for what, text in TEXTS.items():
        yield f"{what}, JSON", JSON, json.dumps({**good, field: value + text}).encode(), value + text
    for what, escape in ESCAPES.items():
        document = json.dumps({**good, field: value + "HERE"}).replace("HERE", escape)
        yield f"{what}, JSON", JSON, document.encode(), value
    for what, raw in RAW.items():  # as the name of a field
        yield (
            f"{what}, in a name",
            FORM,
            _form([*rest, (field, value.encode())]) + b"&" + quote_from_bytes(raw).encode() + b"=1",
            value,
        )


def _form(pairs: list[tuple[str, bytes]]) -> bytes:
    return "&".join(f"{name}={quote_from_bytes(text, safe='')}" for name, text in pairs).encode()


def in_headers() -> Iterator[Injection]:
    for service, (method, path) in ASKED.items():
        for header in HEADERS:
            for what, raw in RAW.items():
                request = Request(method, path, [(header, b"a" + raw + b"z")])
                yield Injection(service, header.decode(), what, request)


def in_paths() -> Iterator[Injection]:
    """And in queries: as escapes, and as they are."""
    for service, templates in PATHS.items():
        for template in templates:
            for what, raw in RAW.items():
                escaped = Request(target=template % quote_from_bytes(b"a" + raw, safe="").encode())
                yield Injection(service, template.decode(), what, escaped)
                yield Injection(service, template.decode(), f"{what}, raw", Request(target=template % raw))
