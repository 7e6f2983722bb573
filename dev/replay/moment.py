"""From when on: what a person writes behind `--from` or `--since`."""

import re
from datetime import UTC, datetime, timedelta

from dev.errors import ShopError

EARLIEST = 0  # milliseconds: before every record
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_AGO = re.compile(r"([0-9]{1,9})([smhd])")


def moment(text: str, now: datetime, option: str = "--from") -> int:
    """In milliseconds since 1970. Raises ShopError, which names the option."""
    if text == "earliest":
        return EARLIEST
    try:
        at = _ago(text, now) or datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise ShopError(
            f"{option} {text} is no time: 30s, 5m, 1h, 2d, 2026-11-21T03:11:04Z or earliest"
        ) from error
    if at.tzinfo is None:
        raise ShopError(f"{option} {text} needs a time zone, as in 2026-11-21T03:11:04Z")
    if at > now:
        raise ShopError(f"{option} {text} is in the future: nothing has happened then yet")
    return max(EARLIEST + 1, int(at.timestamp() * 1000))


def shown(time: int) -> str:
    """For a person; `earliest` as it was written."""
    return "earliest" if time == EARLIEST else datetime.fromtimestamp(time / 1000, UTC).isoformat()


def _ago(text: str, now: datetime) -> datetime | None:
    found = _AGO.fullmatch(text)
    return now - timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None
