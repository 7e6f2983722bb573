"""Everything that the machinery keeps in a database. The only part of it that knows the driver."""

from event_bus.repository.database import Database, checked_uri, deadline
from event_bus.repository.key_table import KeyTable
from event_bus.repository.lease import DatabaseLease
from event_bus.repository.outbox import OutboxCollection

__all__ = ["Database", "DatabaseLease", "KeyTable", "OutboxCollection", "checked_uri", "deadline"]
