"""The machinery for Kafka: the ways in which data moves, each written once.

An edge keeps documents with an outbox (`OutboxCollection`) and a `Relay` publishes them. A `Worker` turns events
into events. A `Reader` sees everything and commits nothing. Nothing here knows HTTP or a service.
"""

from event_bus.background import run_in_background
from event_bus.dispatch import On
from event_bus.errors import BusError, DatabaseUnavailable, Duplicate, OutboxFull
from event_bus.printer import Printer
from event_bus.published_keys import PublishedKeys
from event_bus.reader import Reader
from event_bus.records import Outgoing, Partition, Record
from event_bus.relay import Relay
from event_bus.repository import Database, DatabaseLease, KeyTable, OutboxCollection
from event_bus.settings import Broker, BusSettings, OutboxSettings
from event_bus.worker import Worker

__all__ = [
    "Broker",
    "BusError",
    "BusSettings",
    "Database",
    "DatabaseLease",
    "DatabaseUnavailable",
    "Duplicate",
    "KeyTable",
    "On",
    "OutboxCollection",
    "OutboxFull",
    "OutboxSettings",
    "Outgoing",
    "Partition",
    "Printer",
    "PublishedKeys",
    "Reader",
    "Record",
    "Relay",
    "Worker",
    "run_in_background",
]
