"""Events whose place in the story of their key can be read from them, and the audit that counts what went wrong."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from aiokafka import ConsumerRecord

from contracts import Envelope, Event, PaymentAccepted, StockRequested
from tests.event_bus.cluster import ids

SOURCE = "storyteller"


def accepted(key: str, place: int) -> Envelope[Event]:
    """Event number `place` of the story of `key`, on `notifications`."""
    return Envelope[Event].born(
        PaymentAccepted(
            message=f"{place}", user="guest", payment_id=key, amount="25.00", currency="EUR", method="card"
        ),
        SOURCE,
        "a-request",
    )


def requested(key: str, place: int) -> Envelope[Event]:
    """Event number `place` of the story of `key`, on `inventories`."""
    return Envelope[Event].born(StockRequested(payment_id=key, quantity=place), SOURCE, "a-request")


def place(record: ConsumerRecord) -> int:
    data = json.loads(record.value)
    return int(data["message"] if "message" in data else data["quantity"])


@dataclass
class Audit:
    """What was told, document by document (events that belong together), and what the topics hold."""

    together: list[Sequence[Envelope[Event]]] = field(default_factory=list)

    def told(self, events: Sequence[Envelope[Event]]) -> None:
        self.together.append(events)

    def faults(self, records: Sequence[ConsumerRecord]) -> dict[str, list[str]]:
        """Empty when each event is there once, in order, those of one write in one transaction."""
        found = Counter(ids(records))
        expected = {str(event.id) for events in self.together for event in events}
        faults = {
            "lost": sorted(expected - set(found)),
            "phantom": sorted(set(found) - expected),
            "doubled": sorted(name for name, count in found.items() if count > 1),
            "reordered": reordered(records),
            "torn": self._torn(records),
        }
        return {fault: names for fault, names in faults.items() if names}

    def _torn(self, records: Sequence[ConsumerRecord]) -> list[str]:
        transaction = dict(zip(ids(records), transactions(records), strict=True))
        parts: dict[tuple[str, str], set[tuple[str, int, int]]] = defaultdict(set)
        for events in self.together:
            for event in events:
                if str(event.id) in transaction:
                    name = (str(events[0].id), event.data.topic.name)
                    parts[name].add(transaction[str(event.id)])
        return [first for (first, _), held_by in parts.items() if len(held_by) > 1]


def reordered(records: Sequence[ConsumerRecord]) -> list[str]:
    """Keys with an event behind a later one of the same topic. Equal places are doubles, counted elsewhere."""
    last: dict[tuple[str, bytes], int] = {}
    wrong: set[str] = set()
    for record in records:
        of_key = (record.topic, record.key)
        if place(record) < last.get(of_key, -1):
            wrong.add(record.key.decode())
        last[of_key] = place(record)
    return sorted(wrong)


def transactions(records: Iterable[ConsumerRecord]) -> list[tuple[str, int, int]]:
    """A name for the transaction of each record: between two of one partition there is always a gap, the marker."""
    names: list[tuple[str, int, int]] = []
    before: ConsumerRecord | None = None
    for record in records:
        here = (record.topic, record.partition)
        follows = before is not None and here == (before.topic, before.partition)
        if follows and before is not None and record.offset == before.offset + 1:
            names.append(names[-1])
        else:
            names.append((*here, record.offset))
        before = record
    return names
