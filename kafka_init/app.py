"""Topics from `contracts`, made once, and the accounts that may touch them.

Doing it again changes nothing; what differs is said, never grown silently.
"""

import asyncio
from pathlib import Path

import structlog

from contracts import LOGS, Topic
from contracts.accounts import ACCOUNTS
from contracts.topics import ALL
from event_bus.accounts import settle
from event_bus.errors import Refused, Unavailable
from event_bus.kafka import REQUEST_LIMIT, Admin
from event_bus.records import INPUT_LIMIT
from event_bus.security import read
from kafka_init.settings import Settings

DONE, FAILED, WRONG = 0, 1, 78
RETRY_SECONDS = 0.5
# How long a null record of a compacted topic stays. Who slept for longer would never hear that a key was withdrawn,
# and would publish it again.
YEAR_MS = str(365 * 24 * 3600 * 1000)
# What nobody needs tomorrow. Kafka deletes whole segments, and never the one that is written: hence shorter ones.
HOUR_MS, SEGMENT_MS = str(3600 * 1000), str(10 * 60 * 1000)

log = structlog.get_logger()


async def create_topics(settings: Settings) -> int:
    """The exit code. Waits for the broker until the deadline."""
    clock = asyncio.get_running_loop().time
    end = clock() + settings.deadline
    while True:
        try:
            async with Admin(settings.broker) as admin:
                code = await _create(admin, settings)
                await _settle_accounts(admin, settings)
                return code
        except Refused as error:
            log.error("the broker does not let us", reason=str(error))
            return WRONG
        except Unavailable as error:
            if clock() > end:
                log.error("no broker", seconds=settings.deadline, reason=str(error))
                return FAILED
            await asyncio.sleep(RETRY_SECONDS)


async def _create(admin: Admin, settings: Settings) -> int:
    there = await admin.partition_counts()
    code = DONE
    for topic in ALL:
        partitions = settings.logs_partitions if topic == LOGS else topic.partitions
        found = there.get(settings.broker.named(topic.name))
        if found is None:
            await admin.create_topic(topic.name, partitions, settings.replication, _config(topic, settings))
            log.info("created", topic=topic.name, partitions=partitions)
        elif found != partitions:
            log.error("has another number of partitions", topic=topic.name, found=found, expected=partitions)
            code = WRONG
    return code


async def _settle_accounts(admin: Admin, settings: Settings) -> None:
    """Of each service whose password lies in the folder: the others have theirs from somebody else."""
    for account in ACCOUNTS if settings.accounts else ():
        password = Path(settings.accounts) / account.name
        if password.exists():
            await settle(admin, settings.broker, account, read(str(password)))
            log.info("has its account and its rights", account=account.name)


def _config(topic: Topic, settings: Settings) -> dict[str, str]:
    limit = REQUEST_LIMIT if topic.holds_inputs else INPUT_LIMIT + 48_576  # what is around a record
    return _kept(topic, settings) | {"max.message.bytes": str(limit), "min.insync.replicas": "1"}


def _kept(topic: Topic, settings: Settings) -> dict[str, str]:
    """Events by size and never by time: a machine that slept for ten days must lose nothing that was not consumed."""
    if topic.cleanup == "compact":
        return {"cleanup.policy": "compact", "delete.retention.ms": YEAR_MS}
    by_size = {"cleanup.policy": "delete", "retention.bytes": str(settings.retention_bytes)}
    if topic.cleanup == "after an hour":
        return by_size | {"retention.ms": HOUR_MS, "segment.ms": SEGMENT_MS}
    return by_size | {"retention.ms": "-1"}
