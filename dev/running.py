"""Which Kafka a command of ./shop looks at."""

from pathlib import Path

from dev import plan, record
from dev.errors import ShopError
from dev.security import Account, administrator


def kafka(state: Path) -> tuple[str, str, Account]:
    """The bootstrap servers of the shop that runs, or of one that was not started from here; its TOPIC_PREFIX; and by
    which account to speak to it.
    """
    given = plan.settings()
    found = record.read(state.absolute())
    servers = found.bootstrap_servers if found else given.get("KAFKA_BOOTSTRAP_SERVERS")
    if not servers:
        raise ShopError(
            f"nothing runs on {state}: ./shop up starts it; KAFKA_BOOTSTRAP_SERVERS names another shop's Kafka"
        )
    return servers, given.get("TOPIC_PREFIX", ""), administrator(found)
