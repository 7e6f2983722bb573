"""What a client asked for by its query string. Without one: all lines, raw, from now on.

Whatever is not understood is refused: a parameter that was mistyped, and so ignored, would show other lines than
those that were asked for.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

from logs_service.filters import TESTS, BadFilter, Filter, filter_of
from logs_service.position import NoToken, Position, position_of

MOST_LAST = 10_000  # what a terminal or a page can still show; more is `since` or `from=earliest`
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_AGO = re.compile(r"([0-9]{1,9})([smhd])")
_KNOWN = ("last", "since", "from", "after", "meta", "slow", *TESTS)


@dataclass(frozen=True, slots=True)
class Now:
    """From now on."""


@dataclass(frozen=True, slots=True)
class Last:
    """The last lines, then on."""

    count: int


@dataclass(frozen=True, slots=True)
class Since:
    """In each partition from the first record of this time on. Milliseconds."""

    time: int


@dataclass(frozen=True, slots=True)
class Earliest:
    """All that there is."""


@dataclass(frozen=True, slots=True)
class After:
    """What follows a position."""

    position: Position


Start = Now | Last | Since | Earliest | After


class BadWish(ValueError):
    """`str(error)` is a sentence for the client."""


@dataclass(frozen=True, slots=True)
class Wish:
    start: Start = Now()
    meta: bool = False
    close_when_slow: bool = False
    filter: Filter | None = None


def wish_of(query: str, now: datetime | None = None, usual: Start | None = None) -> Wish:
    """`usual`: where to begin if the query does not say; None: from now on. Raises BadWish."""
    given = _fields(query)
    starts = [name for name in ("last", "since", "from", "after") if name in given]
    if len(starts) > 1:
        raise BadWish(f"{' and '.join(starts)} exclude each other: each says where to begin.")
    start = _start(starts[0], given[starts[0]], now or datetime.now(UTC)) if starts else usual or Now()
    try:
        only = filter_of(given)
    except BadFilter as error:
        raise BadWish(str(error)) from error
    return Wish(
        start,
        filter=only,
        meta=_one_of("meta", given.get("meta", "0"), "0", "1") == "1",
        close_when_slow=_one_of("slow", given.get("slow", "replay"), "replay", "close") == "close",
    )


def _fields(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            query, keep_blank_values=True, strict_parsing=bool(query), errors="strict", max_num_fields=20
        )
    except ValueError as error:
        raise BadWish("The query is not name=value&name=value in UTF-8, with 20 fields at most.") from error
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise BadWish("A parameter is given twice.")
    fields.pop("access_token", None)  # that one is for the door
    if unknown := sorted(fields.keys() - set(_KNOWN)):
        raise BadWish(f"Unknown parameter {unknown[0][:40]!r}; there are {', '.join(_KNOWN)}.")
    return fields


def _start(name: str, value: str, now: datetime) -> Start:
    match name:
        case "last":
            return _last(value)
        case "since":
            time = _time(value, now)
            return Since(time) if time <= now.timestamp() * 1000 else Now()  # nothing was written then yet
        case "from":
            _one_of("from", value, "earliest")
            return Earliest()
        case _:
            return _after(value)


def _last(value: str) -> Last:
    if not re.fullmatch("[0-9]{1,9}", value) or int(value) > MOST_LAST:
        raise BadWish(f"last is a number from 0 to {MOST_LAST}; to see more use since or from=earliest.")
    return Last(int(value))


def _time(value: str, now: datetime) -> int:
    try:
        if ago := _AGO.fullmatch(value):
            moment = now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        else:
            moment = datetime.fromisoformat(value.replace(" ", "+"))  # what a plus becomes in a query
            moment = moment.astimezone(UTC) if moment.tzinfo else moment
    except (ValueError, OverflowError) as error:
        raise BadWish("since is a time like 30s, 5m, 2h, 1d or 2026-11-21T03:11:04Z.") from error
    if moment.tzinfo is None:
        raise BadWish("since needs a time zone, as in 2026-11-21T03:11:04Z.")
    return max(0, int(moment.timestamp() * 1000))


def _after(value: str) -> After:
    try:
        return After(position_of(value))
    except NoToken as error:
        raise BadWish("after is a token that a hub gave with a line.") from error


def _one_of(name: str, value: str, *allowed: str) -> str:
    if value not in allowed:
        raise BadWish(f"{name} is {' or '.join(allowed)}.")
    return value
