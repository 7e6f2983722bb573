"""Which Kafka a command of ./shop looks at. The client libraries are needed by those commands alone."""

from pathlib import Path
from typing import TYPE_CHECKING

from dev import plan, record
from dev.errors import ShopError
from dev.security import administrator

if TYPE_CHECKING:
    from event_bus import Broker


def broker(state: Path) -> "Broker":
    """That of the shop that runs, spoken to as its administrator, or of one that was not started from here; with its
    TOPIC_PREFIX.
    """
    from event_bus import Broker
    from event_bus.security import Access

    given = plan.settings()
    found = record.read(state.absolute())
    servers = found.bootstrap_servers if found else given.get("KAFKA_BOOTSTRAP_SERVERS")
    if not servers:
        raise ShopError(
            f"nothing runs on {state}: ./shop up starts it; KAFKA_BOOTSTRAP_SERVERS names another shop's Kafka"
        )
    return Broker(servers, given.get("TOPIC_PREFIX", ""), Access(*administrator(found)))
