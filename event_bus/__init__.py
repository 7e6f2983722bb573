"""The machinery for Kafka: the ways in which data moves, each written once.

An edge keeps documents with an outbox (`OutboxCollection`) and a `Relay` publishes them. A `Worker` turns events
into events. A `StatefulConsumer` turns events into documents (`StateCollection`), whose outboxes a `Relay` publishes.
A `Reader` sees everything and commits nothing. `Vitals` tell how a service is. Nothing here knows HTTP or a service.
"""

from event_bus.background import run_in_background
from event_bus.dispatch import On
from event_bus.errors import BusError, DatabaseUnavailable, Duplicate, OutboxFull, Refusal
from event_bus.fold import Apply, Bury, Change, Input, State
from event_bus.identity import IdentityFollower
from event_bus.printer import Printer
from event_bus.reader import Reader
from event_bus.records import Outgoing, Partition, Record
from event_bus.relay import Relay
from event_bus.repository import (
    Database,
    DatabaseLease,
    DeadLetters,
    IdentityTable,
    OutboxCollection,
    StateCollection,
    deadline,
)
from event_bus.settings import Broker, BusSettings, ConsumerSettings, OutboxSettings
from event_bus.stateful import StatefulConsumer
from event_bus.vitals import Check, Vitals
from event_bus.worker import Worker

__all__ = [
    "Apply",
    "Broker",
    "Bury",
    "BusError",
    "BusSettings",
    "Change",
    "Check",
    "ConsumerSettings",
    "Database",
    "DatabaseLease",
    "DatabaseUnavailable",
    "DeadLetters",
    "Duplicate",
    "IdentityFollower",
    "IdentityTable",
    "Input",
    "On",
    "OutboxCollection",
    "OutboxFull",
    "OutboxSettings",
    "Outgoing",
    "Partition",
    "Printer",
    "Reader",
    "Record",
    "Refusal",
    "Relay",
    "State",
    "StateCollection",
    "StatefulConsumer",
    "Vitals",
    "Worker",
    "deadline",
    "run_in_background",
]
