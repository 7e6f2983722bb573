"""Who may touch which topic: one account a service, and nothing beyond what stands here.

`kafka_init` makes the rights from it, a test holds it to the tables in the services' `app.py`.
"""

from pydantic import BaseModel, ConfigDict

from contracts.topics import (
    ALL,
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


class Account(BaseModel):
    """What a service does on Kafka. Its group and its transactional ids begin with its name."""

    model_config = ConfigDict(frozen=True)

    name: str
    consumes: tuple[Topic, ...] = ()  # as the group of its name
    reads: tuple[Topic, ...] = ()  # without a group
    publishes: tuple[Topic, ...] = ()
    has_outbox: bool = False  # a relay publishes it, and commits a ledger
    looks_at_groups: bool = False  # at those of others, and at how topics are kept

    @property
    def may_read(self) -> tuple[Topic, ...]:
        return (*self.consumes, *self.reads)


ACCOUNTS = (
    Account(
        name="users_service",
        reads=(IDENTITY_KEYS,),
        publishes=(NOTIFICATIONS, IDENTITY_KEYS, IDENTITIES, METRICS),
        has_outbox=True,
    ),
    Account(
        name="payments_service",
        consumes=(STOCK,),
        reads=(IDENTITY_KEYS, IDENTITIES),
        publishes=(NOTIFICATIONS, INVENTORIES, dead_letters_of("payments_service"), METRICS),
        has_outbox=True,
    ),
    Account(
        name="inventories_service",
        consumes=(INVENTORIES,),
        publishes=(STOCK, NOTIFICATIONS, dead_letters_of("inventories_service"), METRICS),
        has_outbox=True,
    ),
    Account(
        name="notifications_service",
        consumes=(NOTIFICATIONS,),
        publishes=(LOGS, dead_letters_of("notifications_service"), METRICS),
    ),
    Account(name="logs_service", reads=ALL, publishes=(METRICS,)),
    Account(name="kafka_browser", reads=ALL, looks_at_groups=True),
)


def ledger_of(service: str) -> Topic:
    """Under which topic a relay commits its ledger. Kafka asks whoever commits an offset for the right to read the
    topic: so it is one that the service reads anyway, or it could read what is none of its business.
    """
    readable = {account.name: account.may_read for account in ACCOUNTS if account.has_outbox}
    return readable.get(service, (NOTIFICATIONS,))[0]
