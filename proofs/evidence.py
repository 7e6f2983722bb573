"""What a case left behind, put together for the audit: history, topics, what watchers saw, what the books say."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from dev.committed import Committed
from proofs.faults import Fault
from proofs.history import History
from proofs.watchers import Watcher


@dataclass
class Evidence:
    """`bad`: the places of records that nobody can handle; `topics` are without them. `books`: what `./shop audit`
    found wrong. `excused`: so many raw repetitions are not counted."""

    history: History
    topics: Mapping[str, Sequence[Committed]]  # by name, without the prefix; partition by partition, in order
    watchers: Sequence[Watcher]
    faults: Sequence[Fault]
    bad: Collection[str] = ()
    books: Sequence[str] = ()
    excused: int = 0
    found: Mapping[str, Sequence[str]] = field(default_factory=dict)  # by check: what the case itself saw
    _lines: list[tuple[Committed, str]] = field(default_factory=list)

    @property
    def lines(self) -> Sequence[tuple[Committed, str]]:
        """The records on `logs`, each with the id of the notification that it tells of."""
        if not self._lines:
            self._lines = [(record, event_told(record)) for record in self.topics["logs"]]
        return self._lines

    @property
    def buried(self) -> Sequence[str]:
        """Where the records were that have a dead letter."""
        letters = (r for name, records in self.topics.items() if name.endswith(".dlq") for r in records)
        return [
            origin(letter) for letter in letters if "dlq_topic" in letter.headers
        ]  # else: what became of one


def origin(letter: Committed) -> str:
    topic, partition, offset = (
        letter.headers[f"dlq_{part}"].decode() for part in ("topic", "partition", "offset")
    )
    return f"{topic}-{partition}@{offset}"


def event_told(line: Committed) -> str:
    return str(json.loads(line.value)["event_id"])
