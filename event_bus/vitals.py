"""A service reports itself on `metrics`: what it waits for, what it has done, what waits for it.

Telemetry: it may be missing, and must cost next to nothing. It holds up neither a request nor a start nor a stop, and
never ends the process; with the broker away it tries again in silence. It must not know HTTP.
"""

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol, Self
from uuid import uuid4

import prometheus_client
import structlog

from contracts import Envelope, Missing, ServiceMeasured, rfc3339
from event_bus import metrics
from event_bus.errors import BusError
from event_bus.handling import HANDLINGS
from event_bus.kafka import PlainProducer, opened
from event_bus.membership import Membership
from event_bus.partition import PartitionTask
from event_bus.records import Partition
from event_bus.settings import Broker
from event_bus.wire import encode

EVERY = 5.0  # seconds from one report to the next
LOOK_SECONDS = 1.0  # what is missing is looked at this often, and told at once when it has changed
FIGURES_SECONDS = 2.0  # for all figures of a report: what is not known by then is absent
MEASURED_SECONDS = 1.0  # so often at most, whoever scrapes
PARTING_SECONDS = 0.5  # for the last report, that of a service which stops
LETTING_GO_SECONDS = 3.0  # a little more than a producer takes to be discarded

Check = Callable[[], str | None]  # why it is not ready; None: it is
log = structlog.get_logger()


class Waiting(Protocol):
    """An outbox, as somebody sees it who only counts."""

    async def waiting(self) -> int: ...

    async def measure(self) -> None: ...


class Vitals:
    """Reports while it is open. `port` tells instances of a machine apart; `checks` are those of /readyz.

    `outboxes` and `consumer`: what there is of them. `watched`: the figures of a hub.
    """

    publishes = (ServiceMeasured,)

    def __init__(
        self,
        broker: Broker,
        service: str,
        port: int,
        checks: Mapping[str, Check],
        *,
        outboxes: Sequence[Waiting] = (),
        consumer: Membership | None = None,
        watched: Callable[[], Mapping[str, float]] = dict,
    ) -> None:
        self._broker, self._service = broker, service
        self._instance = f"{socket.gethostname()}:{port}"
        self._checks, self._outboxes, self._consumer, self._watched = checks, outboxes, consumer, watched
        self._missing: tuple[Missing, ...] = ()
        self._stopping = asyncio.Event()
        self._measured_until = 0.0
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="vitals")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._stopping.set()
        await asyncio.wait([self._task], timeout=PARTING_SECONDS)
        self._task.cancel()
        await asyncio.wait([self._task], timeout=LETTING_GO_SECONDS)

    async def measure(self) -> None:
        """For who scrapes: sets the gauges of what only a look can tell. What nobody can tell now is absent."""
        if _now() < self._measured_until:
            return
        self._measured_until = _now() + MEASURED_SECONDS
        for outbox in self._outboxes:
            with contextlib.suppress(BusError, TimeoutError):
                async with asyncio.timeout(FIGURES_SECONDS / 2):
                    await outbox.measure()
        lags = await self._lags()
        metrics.LAG.clear()
        for (topic, partition), lag in lags.items():
            metrics.LAG.labels(self._service, topic, partition).set(lag)

    async def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                with contextlib.suppress(BusError):
                    async with opened(PlainProducer(self._broker)) as producer:
                        await self._report(producer)
                await self._pause(EVERY)
        except Exception:  # a bug; people can do without the figures, but not without the service
            log.exception("this service does not report itself any more")

    async def _report(self, producer: PlainProducer) -> None:
        """Until it is to stop; the last report says so."""
        self._look()
        while True:
            stopping = self._stopping.is_set()
            event = Envelope[ServiceMeasured].born(await self._measured(), self._service, str(uuid4()))
            await producer.send(encode(event))
            if stopping:
                return
            await self._until_due()

    async def _until_due(self) -> None:
        end = _now() + EVERY
        while _now() < end and not self._stopping.is_set():
            await self._pause(LOOK_SECONDS)
            if self._look():
                return

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    def _look(self) -> bool:
        """Whether something else is missing than before. A reason that stays keeps the time when it came."""
        before = {(one.name, one.reason): one for one in self._missing}
        now = rfc3339(datetime.now(UTC))
        self._missing = tuple(
            before.get((name, reason)) or Missing(name=name, reason=reason, since=now)
            for name, reason in self._reasons()
        )
        return self._missing != tuple(before.values())

    def _reasons(self) -> list[tuple[str, str]]:
        found = [(name, reason) for name, check in self._checks.items() if (reason := check()) is not None]
        return [*found, ("process", "it is stopping")] if self._stopping.is_set() else found

    async def _measured(self) -> ServiceMeasured:
        consumer = self._consumer
        return ServiceMeasured(
            service=self._service,
            instance=self._instance,
            every=EVERY,
            not_ready=self._missing,
            handled=HANDLINGS.events if consumer else None,
            published=_total(metrics.PUBLISHED) if self._outboxes else None,
            dead_letters=_total(metrics.DEAD_LETTERS) if consumer else None,
            pending=await self._pending(),
            lag=await self._lag(),
            **self._watched(),  # type: ignore[arg-type]  # a test holds the names to the model
        )

    async def _pending(self) -> int | None:
        if not self._outboxes:
            return None
        try:
            async with asyncio.timeout(FIGURES_SECONDS / 2):
                return sum([await outbox.waiting() for outbox in self._outboxes])
        except (BusError, TimeoutError):
            return None

    async def _lag(self) -> dict[str, int] | None:
        """By topic; None as long as one partition's is not known."""
        lags: Counter[str] = Counter()
        for (topic, _), lag in (await self._lags()).items():
            lags[topic] += lag
        return dict(lags) or None

    async def _lags(self) -> dict[tuple[str, int], int]:
        """By topic, without the prefix, and partition; empty as long as one of them is not known."""
        lags: dict[tuple[str, int], int] = {}
        try:
            async with asyncio.timeout(FIGURES_SECONDS / 2):
                for task in self._consumer.tasks if self._consumer else ():
                    for partition in task.partitions:
                        topic = partition.topic.removeprefix(self._broker.prefix)
                        lags[topic, partition.partition] = await _behind(task, partition)
        except (BusError, TimeoutError, _Unknown):
            return {}
        return lags


class _Unknown(Exception):
    """The consumer has not fetched anything yet."""


async def _behind(task: PartitionTask, partition: Partition) -> int:
    """Offsets between what is done and what is written, as the client has heard of it with its last fetch.

    With records in hand it has done less than its position says. Without, its position passes over the markers of
    transactions, and what is done does not.
    """
    written = task.consumer.written(partition)
    if written is None:
        raise _Unknown
    if (task.busy or task.trouble) and partition in task.positions:
        return max(0, written - task.positions[partition])
    return max(0, written - await task.consumer.position(partition))


def _total(counter: prometheus_client.Counter) -> int:
    return int(
        sum(
            sample.value
            for family in counter.collect()
            for sample in family.samples
            if sample.name.endswith("_total")
        )
    )


def _now() -> float:
    return asyncio.get_running_loop().time()
