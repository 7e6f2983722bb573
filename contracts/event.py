"""What every event has in common: a name in the past tense, a topic, and one way to become bytes."""

import re
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.topics import NOTIFICATIONS, Topic

# Characters that JSON lets through and that a terminal, a log viewer or a line reader takes for something else:
# DEL and the C1 controls (NEL ends a line), the line and paragraph separators, the bidirectional overrides.
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class Event(BaseModel):
    """Something that happened. Frozen; unknown fields of a newer producer are ignored.

    JSON has no NaN and no infinity: what was read as one could not be written again.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    type: ClassVar[str]  # past tense, with its version: `users.registered.v1`
    topic: ClassVar[Topic]

    def subject(self) -> str | None:
        """The id of what this is about, which is the record's key; None: the same as its cause."""
        return None

    def to_json(self) -> str:
        """One line of JSON: fields in the order of the model, absent ones left out, no control character."""
        text = self.model_dump_json(exclude_none=True)
        return text if text.isprintable() else _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


class Notification(Event):
    """An event that people should hear about. Everything on `notifications` is one."""

    topic: ClassVar[Topic] = NOTIFICATIONS
    level: ClassVar[str] = "INFO"

    message: str  # one human sentence
    user: str | None = None  # who did it, when somebody did
