"""What a service tells of itself every few seconds, for whoever looks at the shop as a whole."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.event import Event
from contracts.topics import METRICS, Topic


class Missing(BaseModel):
    """Something that a service waits for, in the words of its /readyz."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    reason: str
    since: str  # RFC 3339, UTC, milliseconds


class ServiceMeasured(Event):
    """A service looked at itself. A figure that it can't know is absent, and not zero."""

    type: ClassVar[str] = "services.measured.v1"
    topic: ClassVar[Topic] = METRICS

    service: str
    instance: str  # HOST:PORT
    every: float  # seconds until the next report at the latest
    not_ready: tuple[Missing, ...] = ()
    handled: int | None = None  # events, since the process started
    published: int | None = None  # events that left an outbox, since the process started
    dead_letters: int | None = None  # since the process started
    pending: int | None = None  # documents whose events wait for Kafka, whichever instance wrote them
    lag: dict[str, int] | None = None  # by topic: offsets that this instance has not done yet
    clients: int | None = None  # who watches, of the hub
    ring_fill: float | None = None  # of the hub: 0 to 1

    def subject(self) -> str:
        return f"{self.service}@{self.instance}"
