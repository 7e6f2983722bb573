"""Membership of a consumer group: joins, works on each partition that it is given, recovers, and watches itself.

Several instances share the partitions. One that is alone takes all of them and need not join: after a crash it goes
on at once, and does not wait ten seconds until the group has missed the dead member. What is done on a partition is
the affair of its `PartitionTask`.
"""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Sequence
from typing import Self

import structlog

from event_bus import partition as partitions
from event_bus.background import FAILED, RIVAL, Stop, run_in_background
from event_bus.backoff import Backoff
from event_bus.errors import BusError, Unavailable
from event_bus.kafka import Admin, Consumer
from event_bus.partition import PartitionTask, Rival
from event_bus.records import Partition
from event_bus.settings import Broker

STOP_SECONDS = 5.0  # what a transaction under way may still take
WATCH_SECONDS = 5.0
SILENCE_SECONDS = 30.0  # lag without progress for so long: the client has fallen silent, rebuild it

log = structlog.get_logger()


class Membership:
    """One instance in the group. `work_on` makes the tasks for the partitions that it was given."""

    def __init__(
        self,
        broker: Broker,
        group: str,
        topics: Sequence[str],
        stop: Stop,
        work_on: Callable[[Consumer, Sequence[Partition]], Sequence[PartitionTask]],
        alone: bool,
    ) -> None:
        self._broker, self._group, self._topics = broker, group, topics
        self._stop, self._work_on, self._alone = stop, work_on, alone
        self._tasks: dict[PartitionTask, asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None
        self._trouble: str | None = "starting"
        self._silences = 0

    async def __aenter__(self) -> Self:
        self._task = run_in_background(self._run(), self._group, self._stop)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        await self._stop_tasks()
        self._task.cancel()
        await asyncio.wait([self._task], timeout=STOP_SECONDS)

    def not_ready(self) -> str | None:
        """Ready: a member of the group, and every partition that it was given is being worked on."""
        return self._trouble or next((task.trouble for task in self._tasks if task.trouble), None)

    @property
    def tasks(self) -> Collection[PartitionTask]:
        """What works on the partitions that this instance has now."""
        return list(self._tasks)

    async def _run(self) -> None:
        backoff = Backoff(0.5)
        while True:
            consumer = Consumer(self._broker, self._group)
            try:
                await self._live(consumer, backoff)
            except Rival as error:
                return self._stop(RIVAL, str(error))
            except _Silent:
                if self._silences > 1:
                    return self._stop(FAILED, "the consumer fell silent twice")
            except BusError as error:
                self._note(str(error))
            finally:
                await asyncio.shield(self._let_go(consumer))
            await backoff.wait()

    async def _live(self, consumer: Consumer, backoff: Backoff) -> None:
        """One consumer's life: follows its assignment until something fails."""
        await consumer.start()
        if self._alone:
            await consumer.assign_all(self._topics)
        else:
            await consumer.look_up(self._topics)
            consumer.subscribe(self._topics)
        watch = _Watch(consumer, self._broker)
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(WATCH_SECONDS):
                    await consumer.changed.wait()
            self._raise_failures()
            consumer.raise_refusal()
            if consumer.changed.is_set():
                consumer.changed.clear()
                await self._follow(consumer)
                backoff.reset()
            if consumer.generation:  # a member; with more instances than partitions one without work
                await self._look(watch)

    async def _look(self, watch: "_Watch") -> None:
        """A broker that is away is waited for with this consumer: a new one would have to wait for its session."""
        try:
            silent = await watch.silent(self._tasks)
        except Unavailable as error:
            return self._note(str(error))
        self._trouble = None
        if silent:
            self._silences += 1
            log.error("the consumer fell silent", group=self._group, times=self._silences)
            raise _Silent

    async def _follow(self, consumer: Consumer) -> None:
        """A new generation: whatever was fetched before it is dropped, and every partition taken up anew."""
        await self._stop_tasks()
        for work in self._work_on(consumer, sorted(consumer.assignment)):
            task = asyncio.create_task(work.run(), name=work.name)
            task.add_done_callback(consumer.note_failure)
            self._tasks[work] = task

    async def _stop_tasks(self) -> None:
        tasks, self._tasks = self._tasks, {}
        await partitions.stop(tasks, STOP_SECONDS)

    def _raise_failures(self) -> None:
        for task in self._tasks.values():
            if task.done() and not task.cancelled():
                task.result()

    async def _let_go(self, consumer: Consumer) -> None:
        await self._stop_tasks()
        await consumer.discard()

    def _note(self, reason: str) -> None:
        if self._trouble != reason:
            log.warning("the group waits", group=self._group, reason=reason)
        self._trouble = reason


class _Silent(Exception):
    """There is lag and nothing comes, or the broker answers others and not us."""


class _Watch:
    """Notices a client that is of no use any more: lag without progress, of which its group protocol has open bugs,
    and requests of ours that fail while those of a new client are answered.
    """

    def __init__(self, consumer: Consumer, broker: Broker) -> None:
        self._consumer, self._broker = consumer, broker
        self._clock = asyncio.get_running_loop().time
        self._since = self._clock()
        self._positions: list[dict[Partition, int]] | None = None

    async def silent(self, tasks: Collection[PartitionTask]) -> bool:
        """Raises Unavailable when the broker does not answer."""
        positions = [task.positions.copy() for task in tasks]
        silent = False
        try:
            if positions == self._positions and not any(task.busy for task in tasks):
                silent = await self._hears_nothing(tasks)
        finally:
            if not silent:
                self._since, self._positions = self._clock(), positions
        return self._clock() - self._since >= SILENCE_SECONDS

    async def _hears_nothing(self, tasks: Collection[PartitionTask]) -> bool:
        if any(task.broker_trouble for task in tasks):
            async with Admin(self._broker):
                return True
        return not any(task.trouble for task in tasks) and await self._lag()

    async def _lag(self) -> bool:
        """By the client's positions, which pass over the markers of transactions."""
        assigned = sorted(self._consumer.assignment)
        ends = await self._consumer.ends(assigned)
        positions = [await self._consumer.position(partition) for partition in assigned]
        return any(
            position < ends[partition] for partition, position in zip(assigned, positions, strict=True)
        )
