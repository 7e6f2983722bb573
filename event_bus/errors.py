"""What can go wrong between a service and its broker or database.

BusError
├── Unavailable        a time-out, a transport error, a broker that is away: retry with new client objects
│   ├── OutOfRange     a partition has no such offset: its records were deleted, or it was made anew
│   ├── Refused        authorization: says which right is missing; somebody may give it meanwhile
│   └── Fenced         somebody else initialised our transactional id, or our transaction ran out of time
├── TooLarge           one record is larger than the broker takes
├── Undecodable        a record that is not an event of the language; carries the reason
├── Refusal            a rule that can't be applied to its document; carries the reason
├── OutboxFull         too many events wait for Kafka; the request was not accepted
├── Duplicate          a document with this unique value exists; names the fields
└── DatabaseUnavailable  the database did not answer in time; the write may or may not have happened
"""

from collections.abc import Collection

from event_bus.records import Partition

MOST_OF_A_REASON = 300  # characters


class BusError(Exception):
    """Base of all errors of this package."""


class Unavailable(BusError):
    """The broker did not do it, or did not say so in time."""


class OutOfRange(Unavailable):
    """The offset that should be read is before the first or after the last one of these partitions."""

    def __init__(self, message: str, partitions: Collection[Partition]) -> None:
        super().__init__(message)
        self.partitions = frozenset(partitions)


class Fenced(Unavailable):
    """Another producer has initialised this transactional id since."""


class TooLarge(BusError):
    """The broker (or the client on its behalf) refuses the size of a record."""


class Refused(Unavailable):
    """The broker does not let us; the message says what, and under which account."""


class Undecodable(BusError):
    """Not an event of the language. `str(error)` is the reason that goes into the dead letter.

    It may quote what somebody wrote, and is one line of printable text all the same.
    """

    def __init__(self, reason: str) -> None:
        line = " ".join(reason.split())[:MOST_OF_A_REASON]
        super().__init__("".join(map(_printable, line)))


class Refusal(BusError):
    """This event can't be applied here. `str(error)` is the reason that goes into the dead letter."""


class OutboxFull(BusError):
    """The bound on pending events is reached: Kafka has been away for long."""


class Duplicate(BusError):
    """A unique value is taken. `fields` are those of the index."""

    def __init__(self, fields: Collection[str]) -> None:
        super().__init__(f"taken: {', '.join(fields)}")
        self.fields = frozenset(fields)


class DatabaseUnavailable(BusError):
    """The database is away or slow. After a write this means: unknown outcome."""


def _printable(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()
