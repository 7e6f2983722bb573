"""What is wrong with what a stateful service made of its inputs, as the topics show it. Nothing is asked of it."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from aiokafka import ConsumerRecord

from contracts import Event
from tests.event_bus.cluster import header, ids

Faults = dict[str, list[object]]
Place = tuple[int, int]  # partition and offset


@dataclass(frozen=True)
class Outputs:
    """`told`: the ids of the good inputs. `one_of`, `perhaps`: the types of what follows (see `Case`)."""

    told: Collection[str]
    inputs: Sequence[ConsumerRecord]
    outputs: Sequence[ConsumerRecord]
    one_of: Collection[type[Event]]
    perhaps: Collection[type[Event]] = ()

    def faults(self) -> Faults:
        """Empty when each input has one outcome, once, in the order of its partition and document."""
        decided = Counter(map(cause, self.decisions()))
        return _found(
            {
                "lost": [told for told in self.told if told not in decided],
                "doubled": [name for name, count in Counter(ids(self.outputs)).items() if count > 1],
                "decided twice": [told for told, count in decided.items() if count > 1],
                "phantom": sorted(set(ids(self.outputs)) - self._derived()),
                "reordered": self._reordered(),
            }
        )

    def decisions(self) -> list[ConsumerRecord]:
        types = {event.type for event in self.one_of}
        return [record for record in self.outputs if header(record, "ce_type") in types]

    def _derived(self) -> set[str]:
        names = [event.type for event in (*self.one_of, *self.perhaps)]
        return {str(uuid5(UUID(told), name)) for told in self.told for name in names}

    def _reordered(self) -> list[object]:
        """Documents whose outcomes stand otherwise than their causes did in one partition; by first occurrence."""
        first: dict[str, Place] = {}
        for record in self.inputs:
            first.setdefault(id_of(record) or "", place(record))
        causes: Mapping[object, list[int]] = defaultdict(list)
        for output in self.decisions():
            if cause(output) in first:
                partition, offset = first[cause(output)]
                causes[partition, output.topic, output.key].append(offset)
        return [where for where, offsets in causes.items() if offsets != sorted(offsets)]


def faults_of_letters(bad: Sequence[ConsumerRecord], letters: Sequence[ConsumerRecord]) -> Faults:
    """Empty when each bad record has one letter, as it was, which says why it is there and where it was."""
    told = Counter(map(_origin, letters))
    expected = {place(record): record for record in bad}
    known = [(letter, expected[_origin(letter)]) for letter in letters if _origin(letter) in expected]
    return _found(
        {
            "lost": sorted(expected.keys() - told.keys()),
            "doubled": [place for place, count in told.items() if count > 1],
            "phantom": sorted(told.keys() - expected.keys()),
            "without a reason": [_origin(letter) for letter in letters if not header(letter, "dlq_reason")],
            "changed": [_origin(letter) for letter, record in known if not _as_it_was(letter, record)],
        }
    )


def id_of(record: ConsumerRecord) -> str | None:
    found = dict(record.headers).get("ce_id")
    return None if found is None else found.decode()


def cause(output: ConsumerRecord) -> str:
    return header(output, "ce_causationid")


def place(record: ConsumerRecord) -> Place:
    return record.partition, record.offset


def _origin(letter: ConsumerRecord) -> Place:
    return int(header(letter, "dlq_partition")), int(header(letter, "dlq_offset"))


def _as_it_was(letter: ConsumerRecord, record: ConsumerRecord) -> bool:
    headers = list(letter.headers[: len(record.headers)])
    same = (letter.key, letter.value, headers) == (record.key, record.value, list(record.headers))
    return same and header(letter, "dlq_topic") == record.topic


def _found(faults: Mapping[str, Sequence[object]]) -> Faults:
    return {fault: list(places)[:10] for fault, places in faults.items() if places}
