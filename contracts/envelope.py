"""An event with what CloudEvents 1.0 says about it: where it was born, when, and what caused it."""

from datetime import UTC, datetime
from typing import Generic, TypeVar
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict

from contracts.event import Event
from contracts.ids import new_id

E = TypeVar("E", bound=Event, covariant=True)
Born = TypeVar("Born", bound=Event)


class Envelope(BaseModel, Generic[E]):
    """One occurrence of an event. `id` is made once, where the event is born; a replay has the same one."""

    model_config = ConfigDict(frozen=True)

    data: E
    id: UUID
    source: str  # `/users_service`
    time: datetime  # UTC
    subject: str  # the record's key
    correlation_id: str  # the request at the start of the story
    causation_id: str | None = None  # the event or request right before this one
    traceparent: str | None = None  # W3C trace context

    @staticmethod
    def born(
        data: Born, service: str, correlation_id: str, traceparent: str | None = None
    ) -> "Envelope[Born]":
        """An event that no other event caused: its cause is the request."""
        subject = data.subject()
        if subject is None:
            raise ValueError(f"{data.type} does not say what it is about")
        return Envelope(
            data=data,
            id=new_id(),
            source=f"/{service}",
            time=datetime.now(UTC),
            subject=subject,
            correlation_id=correlation_id,
            causation_id=correlation_id,
            traceparent=traceparent,
        )

    def outcome(self, data: Event, service: str, name: str) -> "Envelope[Event]":
        """What followed from this event. Its id is uuid5(this id, name): handled again, it is the same."""
        return Envelope(
            data=data,
            id=uuid5(self.id, name),
            source=f"/{service}",
            time=datetime.now(UTC),
            subject=data.subject() or self.subject,
            correlation_id=self.correlation_id,
            causation_id=str(self.id),
            traceparent=self.traceparent,
        )
