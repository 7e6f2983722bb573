"""Who is outside: those who pay and remember what they were told, and one who watches the lines and resumes."""

import json
from dataclasses import dataclass, field


@dataclass
class Payers:
    """What was promised by a 2xx: the events of each payment."""

    promised: dict[str, list[str]] = field(default_factory=dict)
    contradicted: list[str] = field(default_factory=list)  # payments that were answered in two ways

    def accepted(self, payment_id: str, event_ids: list[str]) -> None:
        if self.promised.setdefault(payment_id, event_ids) != event_ids:
            self.contradicted.append(payment_id)


@dataclass
class Watcher:
    """A client that says at a reconnect which line it had last, and is given what came after it."""

    had: int = -1  # the offset of that line
    heard: list[str] = field(default_factory=list)  # event ids

    def hear(self, offset: int, line: bytes) -> None:
        if offset > self.had:
            self.had = offset
            self.heard.append(json.loads(line)["event_id"])
