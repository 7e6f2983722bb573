"""Which Kafka a command of ./shop looks at."""

from pathlib import Path

from dev import plan, record
from dev.errors import ShopError


def kafka(state: Path) -> tuple[str, str]:
    """The bootstrap servers of the shop that runs, or of one that was not started from here; and its TOPIC_PREFIX."""
    given = plan.settings()
    found = record.read(state.absolute())
    servers = found.bootstrap_servers if found else given.get("KAFKA_BOOTSTRAP_SERVERS")
    if not servers:
        raise ShopError(
            f"nothing runs on {state}: ./shop up starts it; KAFKA_BOOTSTRAP_SERVERS names another shop's Kafka"
        )
    return servers, given.get("TOPIC_PREFIX", "")
