"""The language of the shop: every event and every topic. Models and nothing else: no broker, no HTTP, no database."""

from contracts.envelope import Envelope
from contracts.event import Event, Notification
from contracts.events import (
    EVENT_TYPES,
    GUEST,
    KeyPublished,
    KeyRetired,
    PaymentAccepted,
    PaymentDeclined,
    PaymentRefunded,
    StockMoved,
    StockRanLow,
    StockRefused,
    StockRequested,
    TokensRevoked,
    UserLoggedIn,
    UserLoggedOut,
    UserRegistered,
)
from contracts.ids import new_id
from contracts.log_line import LogLine
from contracts.measured import Missing, ServiceMeasured
from contracts.times import rfc3339
from contracts.topics import (
    IDENTITIES,
    IDENTITY_KEYS,
    INVENTORIES,
    LOGS,
    METRICS,
    NOTIFICATIONS,
    STOCK,
    Topic,
    dead_letters_of,
)

__all__ = [
    "EVENT_TYPES",
    "GUEST",
    "IDENTITIES",
    "IDENTITY_KEYS",
    "INVENTORIES",
    "LOGS",
    "METRICS",
    "NOTIFICATIONS",
    "STOCK",
    "Envelope",
    "Event",
    "KeyPublished",
    "KeyRetired",
    "LogLine",
    "Missing",
    "Notification",
    "PaymentAccepted",
    "PaymentDeclined",
    "PaymentRefunded",
    "ServiceMeasured",
    "StockMoved",
    "StockRanLow",
    "StockRefused",
    "StockRequested",
    "TokensRevoked",
    "Topic",
    "UserLoggedIn",
    "UserLoggedOut",
    "UserRegistered",
    "dead_letters_of",
    "new_id",
    "rfc3339",
]
