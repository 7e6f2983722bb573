"""Everything that the machinery keeps in a database. The only part of it that knows the driver."""

from event_bus.repository.database import Database, deadline
from event_bus.repository.dead_letters import DeadLetters
from event_bus.repository.identity_table import IdentityTable
from event_bus.repository.lease import DatabaseLease
from event_bus.repository.outbox import OutboxCollection
from event_bus.repository.states import StateCollection
from event_bus.repository.uri import checked_uri, exposed

__all__ = [
    "Database",
    "DatabaseLease",
    "DeadLetters",
    "IdentityTable",
    "OutboxCollection",
    "StateCollection",
    "checked_uri",
    "deadline",
    "exposed",
]
