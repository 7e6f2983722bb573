"""Named places at which a process can be told to die or to freeze, so that what is promised there can be proved.

Nothing is armed in a shop that people use: only tests call `arm`.
"""

from collections.abc import Callable
from enum import Enum


class CrashPoint(Enum):
    """The value says what has happened there, and what has not."""

    DOCUMENT_WRITTEN = "a request's document is written; its relay does not know of it"
    PRODUCERS_CLOSED = "a relay or worker takes over; its producers are not initialised"
    PRODUCERS_OPEN = "the producers are initialised; ledger or offset are not read"
    NOTHING_SENT = "the records of a transaction are made; none is sent"
    RECORDS_SENT = "the records are sent; no answer is awaited"
    RECORDS_TAKEN = "the broker has taken the records; the offsets are not sent"
    OFFSETS_SENT = "the offsets are sent; nothing is committed"
    COMMITTED = "the transaction is committed; nobody knows of it"
    REMOVED = "what was committed is removed from the outboxes"
    FETCHED = "a stateful consumer has fetched a batch; nothing is applied"
    APPLIED = "the batch is applied in memory; nothing is written"
    WRITTEN = "the documents of the batch are written; its offset is not committed"
    BURIED = "a dead letter is written; its offset is not committed"
    OFFSET_COMMITTED = "the offset of the batch is committed"
    LINES_FETCHED = "the hub has fetched lines; none is in the ring"


# Who passes which of them. Those at the start are reached once in a life, the others with each batch.
AT_START = [CrashPoint.PRODUCERS_CLOSED, CrashPoint.PRODUCERS_OPEN]
WORKER_POINTS = [
    *AT_START,
    CrashPoint.NOTHING_SENT,
    CrashPoint.RECORDS_SENT,
    CrashPoint.RECORDS_TAKEN,
    CrashPoint.OFFSETS_SENT,
    CrashPoint.COMMITTED,
]
RELAY_POINTS = [*WORKER_POINTS, CrashPoint.REMOVED]
CONSUMER_POINTS = [
    CrashPoint.FETCHED,
    CrashPoint.APPLIED,
    CrashPoint.WRITTEN,
    CrashPoint.BURIED,
    CrashPoint.OFFSET_COMMITTED,
]

Action = Callable[[CrashPoint], None]

_action: Action | None = None


def arm(action: Action) -> None:
    """From now on `action` is called at each point that is reached."""
    global _action
    _action = action


def reached(point: CrashPoint) -> None:
    """Costs nothing worth measuring when nothing is armed (50 ns)."""
    if _action is not None:
        _action(point)
