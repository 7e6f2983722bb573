"""How a time is written for whoever reads it."""

from datetime import datetime


def rfc3339(at: datetime) -> str:
    """Of a time in UTC: `2026-11-21T07:03:11.412Z`."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
