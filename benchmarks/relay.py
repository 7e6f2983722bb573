"""How long from a document to its record on Kafka, and how fast a relay works off what waited while Kafka was away.

Starts a broker and an embedded database; the relay runs in this process, beside a light load. A minute.
"""

import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import psutil
import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks.http_load import percentile
from contracts import NOTIFICATIONS, Envelope, PaymentAccepted
from dev import ports
from dev.child import Child
from dev.kafka import Kafka
from dev.mongo import Mongo
from dev.services import INIT
from event_bus import Broker, Database, DatabaseLease, OutboxCollection, Reader, Relay

SERVICE = "benchmark"
RATE, SECONDS = 100, 20
BACKLOG = 20_000
WRITERS = 200  # at once, so that the backlog is there soon
console = Console(width=110)


@dataclass
class Stage:
    kafka: Kafka
    mongo: Mongo


@dataclass
class Arrivals:
    """When the record of each payment was on the topic, as a reader of committed records sees it."""

    times: dict[str, float] = field(default_factory=dict)
    repeated: int = 0

    async def read(self, reader: Reader) -> None:
        async for batch in reader.batches():
            now = time.perf_counter()
            for record in batch:
                payment = (record.key or b"").decode()
                self.repeated += payment in self.times
                self.times[payment] = now

    async def all_of(self, number: int) -> float:
        """When the last of so many was there."""
        async with asyncio.timeout(300):
            while len(self.times) < number:  # noqa: ASYNC110  # beside what is measured
                await asyncio.sleep(0.01)
        assert self.repeated == 0
        return max(self.times.values())


def main() -> None:
    with stage() as servers:
        uvloop.run(measure(servers))


@contextlib.contextmanager
def stage() -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="shop-bench-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        kafka_port, controller, mongo_port = ports.free(3)
        kafka, mongo = (
            Kafka(folder / "kafka", kafka_port, controller),
            Mongo(folder / "mongo", mongo_port),
        )
        for server in (kafka, mongo):
            stack.callback(server.stop)
            server.start()
        environment = {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers}
        assert Child(INIT, [sys.executable, "-m", INIT], folder / "init.log", environment).wait(60) == 0
        yield Stage(kafka, mongo)


async def measure(servers: Stage) -> None:
    table = Table("what", "measured", "must")
    async with relaying(servers) as (outbox, arrivals):
        await at_a_rate(outbox, arrivals, 1)  # the first ones meet connections that are not open yet
        written, took = await at_a_rate(outbox, arrivals, SECONDS)
        table.add_row(f"insert answered at {RATE}/s: p50", f"{percentile(written, 0.5) * 1e3:.1f} ms", "")
        table.add_row(f"document → record at {RATE}/s: p50", f"{percentile(took, 0.5) * 1e3:.1f} ms", "12 ms")
        table.add_row(
            f"document → record at {RATE}/s: p99", f"{percentile(took, 0.99) * 1e3:.1f} ms", "40 ms"
        )
        await drain(servers, outbox, arrivals, table)
    console.print(table)


@contextlib.asynccontextmanager
async def relaying(servers: Stage) -> AsyncIterator[tuple[OutboxCollection, Arrivals]]:
    broker, arrivals = Broker(servers.kafka.bootstrap_servers), Arrivals()
    reader = Reader(broker, [NOTIFICATIONS.name], "end")
    async with Database(servers.mongo.uri, SERVICE) as database:
        outbox = OutboxCollection(database, "payments", max_pending=2 * BACKLOG)
        task = asyncio.create_task(arrivals.read(reader))
        async with Relay(broker, SERVICE, [outbox], DatabaseLease(database, 1), stopped):
            assert await reader.catch_up(30)
            yield outbox, arrivals
        task.cancel()


def stopped(code: int, why: str) -> None:
    sys.exit(f"{code}: {why}")


async def at_a_rate(
    outbox: OutboxCollection, arrivals: Arrivals, seconds: int
) -> tuple[list[float], list[float]]:
    """An open loop. How long each insert took, and how long from its answer to its record."""
    before, answered, written = len(arrivals.times), dict[str, float](), list[float]()

    async def one() -> None:
        begun = time.perf_counter()
        payment = await write(outbox)
        answered[payment] = time.perf_counter()
        written.append(answered[payment] - begun)

    start = asyncio.get_running_loop().time()
    async with asyncio.TaskGroup() as group:
        for number in range(RATE * seconds):
            await asyncio.sleep(start + number / RATE - asyncio.get_running_loop().time())
            group.create_task(one())
    await arrivals.all_of(before + RATE * seconds)
    return written, [arrivals.times[payment] - at for payment, at in answered.items()]


async def write(outbox: OutboxCollection) -> str:
    payment = str(uuid4())
    data = PaymentAccepted(
        message="guest paid 25.00 EUR",
        user="guest",
        payment_id=payment,
        amount="25.00",
        currency="EUR",
        method="card",
    )
    accepted = Envelope.born(data, "payments_service", payment)
    await outbox.insert({"_id": payment, "amount": "25.00", "status": "accepted"}, [accepted])
    return payment


async def drain(servers: Stage, outbox: OutboxCollection, arrivals: Arrivals, table: Table) -> None:
    """Kafka is frozen while the documents are written; the clock runs from when it is woken."""
    before = len(arrivals.times)
    servers.kafka.freeze()
    async with asyncio.TaskGroup() as group:
        for _ in range(WRITERS):
            group.create_task(write_some(outbox, BACKLOG // WRITERS))
    servers.kafka.thaw()
    begun, used = time.perf_counter(), cpu(servers)
    ended = await arrivals.all_of(before + BACKLOG)
    seconds = ended - begun
    shares = ", ".join(f"{name} {(now - used[name]) / seconds:.0%}" for name, now in cpu(servers).items())
    first = min(at for at in arrivals.times.values() if at > begun) - begun
    table.add_row(
        f"{BACKLOG:,} documents drained", f"{BACKLOG / seconds:,.0f}/s; the first after {first:.1f} s", ""
    )
    table.add_row("  cores in use", shares, "")


async def write_some(outbox: OutboxCollection, number: int) -> None:
    for _ in range(number):
        await write(outbox)


def cpu(servers: Stage) -> dict[str, float]:
    """Seconds of each process so far; the relay is this one."""
    processes = {"relay": None, "database": servers.mongo.pid, "Kafka": servers.kafka.pid}
    return {name: sum(psutil.Process(pid).cpu_times()[:2]) for name, pid in processes.items()}


if __name__ == "__main__":
    main()
