"""Publishes what lies in outboxes, exactly once into Kafka.

A round: read the oldest pending events; send them in one transaction together with an offset commit whose metadata
names their ids (the ledger); only then take them out of the documents; only then begin the next round. Whoever
starts or takes over initialises the producers first, which fences the old relay and settles its transaction, then
reads the ledger and takes out what it names. So wherever a relay died, what it had published is known.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Self

import structlog

from contracts.accounts import ledger_of
from event_bus import ledger, metrics
from event_bus.background import RIVAL, Stop, run_in_background
from event_bus.backoff import Backoff, Rivalry
from event_bus.crash_points import CrashPoint, reached
from event_bus.errors import BusError, DatabaseUnavailable, Fenced
from event_bus.kafka import Admin, ProducerPair
from event_bus.outbox import LEASE_SECONDS, Lease, Outbox, Pending, note_delay, record
from event_bus.records import Committed, Partition
from event_bus.settings import Broker

RENEW_SECONDS = 1.0
POLL_SECONDS = 0.05  # with other replicas, whose requests wake only their own process
IDLE_SECONDS = 3.0  # without: a safety net
RUSH_SECONDS = 2.0  # the longest pause between two rounds, however many requests there are
LEDGER_SECONDS = 86_400.0  # a foreign broker may forget an idle group after a week: committed again daily

log = structlog.get_logger()


class Relay:
    """The one active relay of a service. Any replica may run one; those without the lease wait."""

    def __init__(
        self, broker: Broker, service: str, outboxes: Sequence[Outbox], lease: Lease, stop: Stop
    ) -> None:
        self._broker, self._outboxes, self._lease, self._stop = broker, outboxes, lease, stop
        self._id = f"{service}-outbox"
        self._group = f"{service}{ledger.GROUP_SUFFIX}"
        self._partition = Partition(broker.named(ledger_of(service).name), 0)
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._trouble: str | None = "starting"
        self._rivalry = Rivalry()
        self._rounds = 0
        self._publishing = False
        for outbox in outboxes:
            outbox.on_write(self._woken.set)

    async def __aenter__(self) -> Self:
        self._task = run_in_background(self._run(), self._id, self._stop)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Ends the round that is under way, for at most the deadline of a transaction."""
        assert self._task is not None
        self._stopping.set()
        self._woken.set()
        await asyncio.wait([self._task], timeout=5.0 if self._publishing else 0.0)
        self._task.cancel()
        await asyncio.wait([self._task], timeout=5.0)
        with contextlib.suppress(DatabaseUnavailable):
            await self._lease.release()

    def not_ready(self) -> str | None:
        return self._trouble

    async def _run(self) -> None:
        backoff = Backoff()
        while not self._stopping.is_set():
            try:
                if await self._lease.acquire():
                    await self._with_lease(backoff)
                else:
                    self._trouble = None  # a waiting replica is as it should be
                    self._woken.clear()
                    await self._wait(RENEW_SECONDS)
            except BusError as error:
                self._note(error)
                if isinstance(error, Fenced) and self._rivalry.fenced():
                    return self._stop(RIVAL, f"another process publishes as {self._id}")
                await backoff.wait()

    def _note(self, error: BusError) -> None:
        """Says it once, not at each attempt."""
        if self._trouble != str(error):
            log.warning("the relay waits", relay=self._id, reason=str(error))
        self._trouble = str(error)

    async def _with_lease(self, backoff: Backoff) -> None:
        """Relays as long as the lease can be renewed."""
        work = asyncio.create_task(self._relay(backoff))
        renewal = asyncio.create_task(self._keep_lease())
        try:
            await asyncio.wait([work, renewal], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (work, renewal):
                task.cancel()
            results = await asyncio.gather(work, renewal, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _keep_lease(self) -> None:
        """Returns when the lease is lost or could not be renewed before it ran out."""
        clock = asyncio.get_running_loop().time
        renewed = clock()
        while clock() - renewed < LEASE_SECONDS:
            await asyncio.sleep(RENEW_SECONDS)
            with contextlib.suppress(DatabaseUnavailable):
                if not await self._lease.acquire():
                    return
                renewed = clock()

    async def _relay(self, backoff: Backoff) -> None:
        async with ProducerPair(self._broker, self._id) as pair:
            await self._settle(pair)
            self._trouble = None
            backoff.reset()
            with contextlib.ExitStack() as stack:
                for outbox in self._outboxes:
                    stack.enter_context(outbox.handing_over())
                await self._go_on(pair)

    async def _go_on(self, pair: ProducerPair) -> None:
        clock = asyncio.get_running_loop().time
        committed, looked = clock(), -IDLE_SECONDS
        while not self._stopping.is_set():
            self._woken.clear()  # before the look: what is written during it wakes us again
            look = self._lease.contended or clock() - looked >= IDLE_SECONDS
            if look:
                looked = clock()
            if await self._drain(pair, look):
                committed = clock()
            elif clock() - committed > LEDGER_SECONDS:
                await pair.transact([], self._group, self._entry([]))
                committed = clock()
            await self._wait(POLL_SECONDS if self._lease.contended else IDLE_SECONDS)

    async def _settle(self, pair: ProducerPair) -> None:
        """Takes out of the documents what the last transaction held. The producers are initialised already."""
        async with Admin(self._broker) as admin:
            last = await admin.committed(self._group, self._partition)
        if last is not None and last.metadata:
            self._rounds = last.offset
            for outbox in self._outboxes:
                await outbox.forget(ledger.unpack(last.metadata))

    async def _drain(self, pair: ProducerPair, look: bool) -> bool:
        """Publishes all that was pending when it began. False if there was nothing."""
        found = False
        for outbox in self._outboxes:
            await self._let_requests_go_first(outbox)
            async with contextlib.aclosing(outbox.backlog(look)) as backlog:
                async for batch in _batches(backlog):
                    found = True
                    await self._publish(pair, outbox, batch)
                    if sum(len(pending.entries) for pending in batch) == ledger.MOST_IDS:
                        self._woken.set()  # the last document may hold more
                    await self._let_requests_go_first(outbox)
                    if self._stopping.is_set():
                        return True
        return found

    async def _let_requests_go_first(self, outbox: Outbox) -> None:
        """In a rush the database has better things to do than to clear outboxes: events wait, people do not."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RUSH_SECONDS):
                await outbox.quiet()

    async def _publish(self, pair: ProducerPair, outbox: Outbox, batch: Sequence[Pending]) -> None:
        records = [record(stored) for pending in batch for stored in pending.entries]
        self._publishing = True
        try:
            if records:
                with metrics.RELAY_TRANSACTION.time():
                    await pair.transact(records, self._group, self._entry(batch))
                note_delay(batch)
            with metrics.RELAY_CLEAR.time():
                await outbox.clear(batch)
            reached(CrashPoint.REMOVED)
        finally:
            self._publishing = False
        metrics.PUBLISHED.inc(len(records))

    def _entry(self, batch: Sequence[Pending]) -> dict[Partition, Committed]:
        self._rounds += 1
        ids = [event_id for pending in batch for event_id in pending.ids]
        return {self._partition: Committed(self._rounds, ledger.pack(ids))}

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()


async def _batches(backlog: AsyncIterator[Pending]) -> AsyncIterator[list[Pending]]:
    """Cuts a backlog into transactions of at most as many events as the ledger can name.

    A document with more events than that is published in part; the rest comes with the next look.
    """
    batch: list[Pending] = []
    room = ledger.MOST_IDS
    async for pending in backlog:
        if len(pending.entries) > room and batch:
            yield batch
            batch, room = [], ledger.MOST_IDS
        taken = Pending(pending.document, pending.entries[:room])
        batch.append(taken)
        room -= len(taken.entries)
    if batch:
        yield batch
