"""New documents go from who writes them to the relay of the same process in memory: it need not read them.

A document belongs to the memory from before it is written until it is cleared, and looks at the database pass over
it: so nothing is published by both ways. Nothing in here has to survive, for all of it is in the database as well.
"""

from collections import deque
from collections.abc import Collection, Iterator, Sequence

from event_bus.outbox import Pending

MOST = 1_000  # documents, some megabytes; what does not fit waits in the database alone


class HandOver:
    """Order holds: once a document was left to the database, newer ones are too, until the relay has looked there.

    Only new documents come this way. What is added to an outbox may lie behind events that are unknown here.
    """

    def __init__(self) -> None:
        self._held: dict[object, Pending] = {}  # what belongs to the memory, by the _id of the document
        self._written: deque[Pending] = deque()
        self._relayed = self._open = False
        self.look = True  # whether something waits that only the database knows of

    def start(self) -> None:
        """A relay listens; what was written until now it finds in the database."""
        self._relayed = self.look = True

    def stop(self) -> None:
        """It listens no more. What it did not clear is left to the database."""
        self._relayed = self._open = False
        self._held.clear()
        self._written.clear()

    def before_write(self, documents: Sequence[Pending]) -> None:
        if self._open and len(self._held) + len(documents) <= MOST:
            for pending in documents:
                self._held.setdefault(pending.document, pending)

    def after_write(self, documents: Sequence[Pending], errors: Sequence[BaseException | None]) -> None:
        """What was perhaps not written is left to the database."""
        for pending, error in zip(documents, errors, strict=True):
            if error is None and self._holds(pending):
                self._written.append(pending)
                continue
            if self._holds(pending):
                del self._held[pending.document]
            self.left_to_database()

    def left_to_database(self) -> None:
        self.look, self._open = True, False

    def taken(self) -> Iterator[Pending]:
        """What was handed over until now, oldest first."""
        for _ in range(len(self._written)):
            yield self._written.popleft()

    def looking(self) -> Collection[object]:
        """The relay looks into the database now: from here on the memory takes what is new. What it holds already."""
        self.look, self._open = False, self._relayed
        return frozenset(self._held)

    def has(self, document: object) -> bool:
        return document in self._held

    def _holds(self, pending: Pending) -> bool:
        """This very one: another write of the same document may be under way."""
        return self._held.get(pending.document) is pending

    def cleared(self, documents: Collection[Pending], more_came: bool) -> None:
        """What came behind it meanwhile only the database knows of."""
        if more_came:
            self.left_to_database()
        for pending in documents:
            self._held.pop(pending.document, None)
