"""The line that everybody can watch: what a notification becomes on `logs`."""

from typing import ClassVar

from contracts.envelope import Envelope
from contracts.event import Event, Notification
from contracts.times import rfc3339
from contracts.topics import LOGS, Topic


class LogLine(Event):
    """One notification as one line of JSON. The order of the fields is part of the contract."""

    type: ClassVar[str] = "logs.line.v1"
    topic: ClassVar[Topic] = LOGS

    time: str  # RFC 3339, UTC, milliseconds
    level: str
    service: str
    event: str  # the notification's type without its version
    message: str
    user: str | None = None
    event_id: str
    correlation_id: str
    trace_id: str | None = None

    @classmethod
    def about(cls, notification: Envelope[Notification]) -> "LogLine":
        """Nothing is added and nothing but name, e-mail and details is left out."""
        data = notification.data
        return cls(
            time=rfc3339(notification.time),
            level=data.level,
            service=notification.source.removeprefix("/"),
            event=data.type.rpartition(".")[0],
            message=data.message,
            user=data.user,
            event_id=str(notification.id),
            correlation_id=notification.correlation_id,
            trace_id=_trace_id(notification.traceparent),
        )


def _trace_id(traceparent: str | None) -> str | None:
    """The second field of a W3C traceparent: `00-TRACE_ID-PARENT_ID-FLAGS`."""
    parts = (traceparent or "").split("-")
    return parts[1] if len(parts) >= 4 else None
