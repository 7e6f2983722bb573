"""A small Kafka in memory: partitions, transactions with epochs, committed offsets. No I/O, no time.

What a broker may do late it does late here too: a commit is decided at once, but the markers that show it to readers
are written one by one, whenever the model says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from event_bus.records import Committed, Partition

Header = tuple[str, bytes | None]


class Fenced(Exception):
    """Another epoch of this transactional id has begun."""


@dataclass(slots=True)
class Transaction:
    """One transactional id. `begun`: the first offset of the open transaction in each partition."""

    epoch: int = 0
    state: Literal["none", "open", "committed", "aborted"] = "none"
    begun: dict[Partition, int] = field(default_factory=dict)
    offsets: list[tuple[str, Partition, Committed, int]] = field(default_factory=list)


@dataclass(slots=True)
class Written:
    """A record in its place, as a client library hands it out."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]
    writer: str = ""  # the transactional id
    visible: bool = True  # False: of an aborted transaction, or a marker
    timestamp: int = 0


class Log:
    """Every method is one step of the broker. `partitions`: how many each topic has."""

    def __init__(self, partitions: dict[str, int]) -> None:
        self.partitions = partitions
        self.records = {
            Partition(topic, number): list[Written]()
            for topic, n in partitions.items()
            for number in range(n)
        }
        self.transactions: dict[str, Transaction] = {}
        self._open: dict[Partition, dict[str, int]] = {partition: {} for partition in self.records}
        self._offsets: dict[tuple[str, Partition], tuple[int, Committed]] = {}
        self._commits = 0

    # Writing

    def append(
        self,
        partition: Partition,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[Header],
        writer: str = "",
    ) -> Written:
        log = self.records[partition]
        log.append(Written(*partition, len(log), key, value, tuple(headers), writer))
        return log[-1]

    def init(self, name: str) -> int:
        """A new epoch: whatever the id has under way is settled first."""
        transaction = self.transactions.setdefault(name, Transaction())
        self.abort(name)
        self.finish(name)
        transaction.epoch += 1
        return transaction.epoch

    def join(self, name: str, epoch: int, partition: Partition) -> None:
        """The next records in this partition belong to the open transaction, which begins if there is none."""
        transaction = self._of(name, epoch)
        transaction.state = "open"
        begun = len(self.records[partition])
        if transaction.begun.setdefault(partition, begun) == begun:
            self._open[partition][name] = begun

    def add_offsets(self, name: str, epoch: int, group: str, offsets: dict[Partition, Committed]) -> None:
        transaction = self._of(name, epoch)
        transaction.state = "open"
        for partition, committed in offsets.items():
            self._commits += 1
            transaction.offsets.append((group, partition, committed, self._commits))

    def commit(self, name: str, epoch: int) -> None:
        """Decided. Readers see it when the markers are written."""
        transaction = self._of(name, epoch)
        if transaction.state == "open":
            transaction.state = "committed"

    def _of(self, name: str, epoch: int) -> Transaction:
        transaction = self.transactions[name]
        if transaction.epoch != epoch:
            raise Fenced(name)
        if transaction.state != "open":
            self.finish(name)  # the client repeats its request until the markers are written
        return transaction

    def abort(self, name: str) -> None:
        if self.transactions[name].state == "open":
            self.transactions[name].state = "aborted"

    def expire(self) -> None:
        """Open transactions run out of time; their producers are fenced."""
        for name, transaction in self.transactions.items():
            if transaction.state == "open":
                self.init(name)

    # Markers

    def unfinished(self) -> list[str]:
        """Ids whose transaction is decided and not yet marked everywhere."""
        return [name for name, t in self.transactions.items() if t.state in ("committed", "aborted")]

    def finish(self, name: str) -> None:
        while self.transactions[name].state in ("committed", "aborted"):
            self.mark(name)

    def mark(self, name: str) -> None:
        """Writes one marker: of a partition, or of the offsets, at last."""
        transaction = self.transactions[name]
        if transaction.begun:
            partition, begun = transaction.begun.popitem()
            if transaction.state == "aborted":
                self._hide(partition, begun, name)
            self.append(partition, None, None, ()).visible = False
            del self._open[partition][name]
            return
        if transaction.state == "committed":
            for group, partition, committed, order in transaction.offsets:
                self._remember(group, partition, committed, order)
        transaction.offsets.clear()
        transaction.state = "none"

    def _hide(self, partition: Partition, begun: int, name: str) -> None:
        for record in self.records[partition][begun:]:
            if record.writer == name:
                record.visible = False

    # Offsets

    def commit_offset(self, group: str, partition: Partition, committed: Committed) -> None:
        self._commits += 1
        self._remember(group, partition, committed, self._commits)

    def _remember(self, group: str, partition: Partition, committed: Committed, order: int) -> None:
        """What was asked for last counts, in whatever order the markers came."""
        if order > self._offsets.get((group, partition), (0, None))[0]:
            self._offsets[group, partition] = order, committed

    def committed(self, group: str, partition: Partition) -> Committed | None:
        return self._offsets.get((group, partition), (0, None))[1]

    def forget(self, group: str) -> None:
        """After a long time: nothing is under way any more."""
        for name in self.unfinished():
            self.finish(name)
        self._offsets = {key: kept for key, kept in self._offsets.items() if key[0] != group}

    # Reading

    def stable(self, partition: Partition) -> int:
        """The last stable offset: the first record of the oldest transaction that is not marked."""
        return min(self._open[partition].values(), default=len(self.records[partition]))

    def fetch(self, partition: Partition, position: int, limit: int) -> tuple[list[Written], int]:
        """Committed records from here on, and the next position, which also passes over what nobody sees."""
        found: list[Written] = []
        end = self.stable(partition)
        while position < end and len(found) < limit:
            record = self.records[partition][position]
            position += 1
            if record.visible:
                found.append(record)
        return found, position

    def visible(self, topic: str) -> list[Written]:
        """What a reader of everything has seen, partition by partition."""
        return [
            record
            for partition in self.records
            if partition.topic == topic
            for record in self.fetch(partition, 0, len(self.records[partition]))[0]
        ]
