"""Lines that say when they were due and which one they are; how frames are told apart. Standard library alone: the
servers that the hub is measured against run in an environment of their own."""

import json
from collections.abc import Callable, Iterator, Mapping

SIZE = 200  # bytes of a line
FRAME_BYTES = SIZE + 4  # what each server must put on the wire for it

_HEAD = b'{"sent":"%019d","number":"%010d","service":"payments_service","message":"guest paid 25.00 EUR"'
_TAIL = b',"x":"'.ljust(SIZE - 2 - len(_HEAD % (0, 0)), b"x") + b'"}'
LEVELS = ("error", "warning", "debug", "info")  # most are the last one
SERVICES = tuple(f"{name}_service" for name in ("users", "payments", "inventories", "notifications", "logs"))
EVENTS = tuple(
    f"payments.{what}" for what in ("accepted", "declined", "refunded", "moved", "low", "sold", "made")
)
_SENT, _NUMBER = slice(9, 28), slice(40, 50)


def line(number: int, due: int) -> bytes:
    """`due`: nanoseconds of the monotonic clock, which all processes share."""
    return _HEAD % (due, number) + _TAIL


def broken(number: int, due: int) -> bytes:
    """Every tenth is no valid UTF-8."""
    text = line(number, due)
    return text if number % 10 else text[:-4] + b'\xff\xfe"}'


def log_line(number: int, due: int = 0) -> bytes:
    """As the shop writes them, the fields in their order; what stands in them follows from the number."""
    fields = {
        "time": "2026-11-21T03:11:04.123Z",
        "level": LEVELS[min(number % 20, 3)],
        "service": SERVICES[number % 5],
        "event": EVENTS[number % 7],
        "message": f"u{number % 97} paid {number % 89}.00 EUR (reference r{number:08})",
        "user": f"u{number % 97}",
        "event_id": f"{number:08x}-0000-4000-8000-000000000000",
        "correlation_id": f"{number // 3:08x}-0000-4000-8000-000000000000",
        "trace_id": f"{number:032x}",
    }
    return json.dumps(fields, separators=(",", ":")).encode()


KINDS: Mapping[str, Callable[[int, int], bytes]] = {"timed": line, "broken": broken, "log": log_line}


def due(text: bytes) -> int:
    return int(text[_SENT])


def number(text: bytes) -> int:
    return int(text[_NUMBER])


def texts(data: bytes) -> Iterator[tuple[bytes, int]]:
    """The payloads of the whole text frames in it, and where each frame ends. Other frames are passed over."""
    at = 0
    while len(data) >= at + 2:
        size, head = data[at + 1], 2
        if size == 126:
            size, head = int.from_bytes(data[at + 2 : at + 4], "big"), 4
        elif size == 127:
            size, head = int.from_bytes(data[at + 2 : at + 10], "big"), 10
        end = at + head + size
        if end > len(data):
            return
        if data[at] == 0x81:
            yield data[at + head : end], end
        at = end
