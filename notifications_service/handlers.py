"""Events in, events out."""

from contracts import Envelope, LogLine, Notification


async def trace(event: Envelope[Notification]) -> LogLine:
    """Every notification becomes one log line; nothing about it is lost or added."""
    return LogLine.about(event)
