"""A message of the hub as one line for a person. Whatever a line holds, it can do nothing to the terminal."""

import json
from datetime import UTC, datetime, tzinfo
from typing import Any
from zlib import crc32

from rich.text import Text

LEVELS = {"DEBUG": "dim", "INFO": "green", "WARNING": "yellow", "ERROR": "red", "CRITICAL": "bold red"}
# None that is a level's.
SERVICES = ("cyan", "magenta", "blue", "bright_cyan", "bright_magenta", "bright_blue")
# Of what stands in columns, the longest that the shop writes: WARNING, inventories_service, payments.accepted.
LEVEL, SERVICE, EVENT = 7, 19, 17
SHORT_ID = 8  # characters: enough to see which lines are one story

Message = dict[str, Any]


def line(message: Message, utc: bool = False) -> Text:
    """What is no log line is shown as it is, behind the time of its record."""
    said = _log_line(message["line"])
    if said is None:
        return Text.assemble((_clock(None, message["time"], utc), "dim"), " ", legible(message["line"]))
    level, service, event, user, correlation_id = (
        legible(str(said.get(name) or "")) for name in ("level", "service", "event", "user", "correlation_id")
    )
    text = Text.assemble(
        (_clock(said.get("time"), message["time"], utc), "dim"),
        " ",
        (f"{level:{LEVEL}} ", LEVELS.get(level.upper(), "")),
        (f"{service:{SERVICE}} ", SERVICES[crc32(service.encode()) % len(SERVICES)]),
        (f"{event:{EVENT}} ", "bold"),
        legible(said["message"]),
        (f" {user}" if user else "", "italic"),
        (f" {correlation_id[:SHORT_ID]}", "dim"),
    )
    text.rstrip()
    return text


def lost(notice: Message) -> str:
    """“Up to”: offsets are counted, and not each of them was a line."""
    where = f"partition {notice['partition']} of {notice['topic']}"
    count = notice["count"]
    how_many = "an unknown number of lines" if count is None else f"up to {count:,} lines"
    return legible(f"{how_many} are gone ({notice['reason']}) from {where}, from offset {notice['from']} on")


def legible(text: str) -> str:
    """As it is, but for what moves the cursor, turns the writing or can't be seen."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text
    )


def _log_line(text: str) -> dict[str, Any] | None:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    is_one = isinstance(said, dict) and all(isinstance(said.get(name), str) for name in ("event", "message"))
    return said if is_one else None


def _clock(of_line: object, of_record: str, utc: bool) -> str:
    """The line's own time, or else that of its record; with the day if that is not today."""
    zone = UTC if utc else None
    at = _moment(of_line, zone) or _moment(of_record, zone)
    if at is None:
        return legible(of_record)
    day = "" if at.date() == datetime.now(zone).date() else f"{at.date()} "
    return f"{day}{at:%H:%M:%S}.{at.microsecond // 1000:03}{'Z' if utc else ''}"


def _moment(text: object, zone: tzinfo | None) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(text))
        return at.astimezone(zone) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None
