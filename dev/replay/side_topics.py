"""Topics of the moment: what is told again goes there and nowhere else."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from uuid import uuid4

from dev.topics import delete
from event_bus import Broker
from event_bus.kafka import REQUEST_LIMIT, Admin

# Should nobody delete them: after a kill, and after --keep.
WEEK_MS = str(7 * 24 * 3600 * 1000)
SETTINGS = {"max.message.bytes": str(REQUEST_LIMIT), "retention.ms": WEEK_MS}


@contextlib.asynccontextmanager
async def side_topics(broker: Broker, topics: Sequence[str], keep: bool) -> AsyncIterator[dict[str, str]]:
    """For each topic one beside it, which takes its records for the moment. Names without the prefix."""
    short_id = uuid4().hex[:6]
    beside = {topic: f"{topic}.replay-{short_id}" for topic in topics}
    try:
        async with Admin(broker) as admin:
            for name in beside.values():
                await admin.create_topic(name, 1, 1, SETTINGS)
        yield beside
    finally:
        if not keep:
            names = [broker.named(name) for name in beside.values()]
            await delete(broker.bootstrap_servers, names, broker.access.options())
