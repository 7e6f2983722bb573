"""Everything that the machinery keeps in a database. The only part of it that knows the driver."""

from event_bus.repository.database import Database, checked_uri, deadline
from event_bus.repository.dead_letters import DeadLetters
from event_bus.repository.key_table import KeyTable
from event_bus.repository.lease import DatabaseLease
from event_bus.repository.outbox import OutboxCollection
from event_bus.repository.states import StateCollection

__all__ = [
    "Database",
    "DatabaseLease",
    "DeadLetters",
    "KeyTable",
    "OutboxCollection",
    "StateCollection",
    "checked_uri",
    "deadline",
]
