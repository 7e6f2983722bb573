"""While the model plays: the client libraries are the played ones, chance is a counter, and nobody logs.

Everything that is exchanged is named in one table.
"""

import asyncio
import logging
import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch
from uuid import UUID

import structlog

import contracts.envelope
import event_bus.inbox
import event_bus.kafka
import payments_service.model
import payments_service.routes
from event_bus import crash_points
from event_bus.crash_points import CrashPoint
from proofs.model.kafka_client import PlayedAdmin, PlayedConsumer, PlayedProducer, RunningLoop


class Ids:
    """Every id is new, and the same story has the same ones."""

    def __init__(self) -> None:
        self._made = 0

    def reset(self) -> None:
        self._made = 0

    def __call__(self) -> UUID:
        self._made += 1
        return UUID(int=self._made << 64 | 0x8000_0000_0000_0000, version=4)


IDS = Ids()

_EXCHANGED: tuple[tuple[Any, str, Any], ...] = (
    (event_bus.kafka, "AIOKafkaProducer", PlayedProducer),
    (event_bus.kafka, "AIOKafkaConsumer", PlayedConsumer),
    (event_bus.kafka, "AIOKafkaAdminClient", PlayedAdmin),
    (contracts.envelope, "new_id", IDS),
    (payments_service.model, "new_id", IDS),
    (payments_service.routes, "correlation_id", lambda: "a-request"),
    (payments_service.routes, "trace_context", lambda: None),
)


@contextmanager
def playing(without: str | None) -> Iterator[None]:
    """Not to be entered while another model plays in this process."""
    told = structlog.get_config()
    chance = random.getstate()
    with ExitStack() as exchanged:
        for module, name, played in _EXCHANGED:
            exchanged.enter_context(patch.object(module, name, played))
        if without == "inbox":
            exchanged.enter_context(patch.object(event_bus.inbox.Inbox, "holds", lambda *_: False))
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        crash_points.arm(_note)
        try:
            yield
        finally:
            crash_points.arm(_nothing)
            structlog.configure(**told)
            random.setstate(chance)


def _note(point: CrashPoint) -> None:
    loop: Any = asyncio.get_running_loop()
    assert isinstance(loop, RunningLoop)
    loop.process.passed.append(point)


def _nothing(point: CrashPoint) -> None:
    pass
