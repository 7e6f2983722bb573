"""How many events a second the stateful consumer applies; how long from a payment to its movement of stock.

Starts a broker, a database and one service by itself, then a whole shop; stops them again. Three to four minutes.
"""

import asyncio
import contextlib
import json
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import psutil
import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks.http_load import Connection, percentile, request
from benchmarks.running_shop import RunningShop, running_shop
from benchmarks.shared_writes import SERVICE, SharedWrites, shared_writes
from contracts import INVENTORIES, STOCK, Envelope, Event, StockRequested
from dev import ports
from dev.child import Child
from dev.kafka import Kafka
from dev.mongo import Mongo
from dev.services import INIT, Service
from event_bus import Broker, Database, Partition, Reader, Record
from event_bus.kafka import ProducerPair
from event_bus.records import Committed
from event_bus.wire import encode
from http_edge.server import collect_garbage_rarely
from inventories_service.settings import Settings

EVENTS = 10_000  # some ten seconds for the consumer
MANY, HOT = [f"p{number:03}" for number in range(1_000)], ["hot"]
SEEDS = dict.fromkeys([*MANY, *HOT], 1_000_000)
CATALOGUE = ",".join(f"{product}={pieces}" for product, pieces in SEEDS.items())
SINGLE = 500  # writes of one event: a second's worth
LOOK = 0.1  # seconds between two looks at a counter: a look costs the service some milliseconds
PAY = request("POST", "/pay")
console = Console(width=110)


def main() -> None:
    collect_garbage_rarely()  # as every service does; the bare writes too
    with stage() as alone:
        uvloop.run(throughput(alone))
    with running_shop() as shop:
        uvloop.run(latency(shop))


# Events a second


@dataclass
class Stage:
    """A broker, a database, and one service that is started when there is work for it."""

    kafka: Kafka
    mongo: Mongo
    service: Service

    @property
    def broker(self) -> Broker:
        return Broker(self.kafka.bootstrap_servers)

    def cpu(self) -> dict[str, float]:
        """Seconds of each process so far."""
        servers = (self.service, self.mongo, self.kafka)
        return {server.name: sum(psutil.Process(server.pid).cpu_times()[:2]) for server in servers}


@contextlib.contextmanager
def stage() -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="shop-bench-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        kafka_port, controller, mongo_port, port = ports.free(4)
        kafka = Kafka(folder / "kafka", kafka_port, controller)
        mongo = Mongo(folder / "mongo", mongo_port)
        for server in (kafka, mongo):
            stack.callback(server.stop)
            server.start()
        environment = {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "MONGO_URI": mongo.uri}
        assert Child(INIT, [sys.executable, "-m", INIT], folder / "init.log", environment).wait(60) == 0
        own = {"INVENTORIES_PORT": str(port), "INVENTORIES_CATALOGUE": CATALOGUE}
        service = Service(SERVICE, port, folder / "service.log", environment | own)
        stack.callback(service.stop)
        yield Stage(kafka, mongo, service)


async def throughput(stage: Stage) -> None:
    table = Table("what", "measured", "must")
    await sow(stage)
    settings = Settings(catalogue=CATALOGUE)
    for number, (name, products) in enumerate({"1,000 products": MANY, "one hot product": HOT}.items(), 1):
        await write_requests(stage.broker, products)
        records = await requests(stage.broker, number * EVENTS)
        single = await shared_writes(stage.mongo.uri, settings, records[:SINGLE], most=1)
        before = await shared_writes(stage.mongo.uri, settings, records)
        consumed = await consume(stage)
        after = await shared_writes(stage.mongo.uri, settings, records)  # the machine may not be what it was
        add_rows(table, name, products is MANY, SINGLE / single.writing, before + after, consumed)
    console.print(table)


def add_rows(
    table: Table, name: str, many: bool, single: float, bare: SharedWrites, consumed: "Consumed"
) -> None:
    """Many documents are bound by the shared writes of the database; one is folded before, and bound by Python."""
    floor = 2 * EVENTS / bare.writing
    each = f"{bare.calls // 2} calls of {bare.updates / bare.calls:.0f} updates"
    cpu = ", ".join(f"{what} {share:.0%}" for what, share in consumed.cpu.items())
    table.add_row(f"{name}: bare writes of one event", f"{single:,.0f}/s", "")
    table.add_row(f"{name}: bare shared writes", f"{floor:,.0f}/s in {each}", "")
    table.add_row("  and everything but Kafka", f"{2 * EVENTS / bare.handling:,.0f}/s", "")
    table.add_row(f"{name}: stateful consumer", f"{consumed.rate:,.0f}/s", "")
    table.add_row("  of the bare shared writes", f"{consumed.rate / floor:.0%}", "60 %" if many else "")
    table.add_row(
        "  of the bare writes of one event", f"{consumed.rate / single:.0%}", "" if many else "60 %"
    )
    table.add_row("  last outcome on the topic", f"{consumed.topic_later:+.1f} s after the database", "")
    table.add_row("  cores in use", cpu, "")


async def sow(stage: Stage) -> None:
    """Every product is there and its first movement is published, before anything is measured."""
    stage.service.start()
    async with Connection(stage.service.port) as http:
        await http.send(request("GET", "/stock"))
    await until_published(stage.broker, len(SEEDS))
    stage.service.stop()


async def until_published(broker: Broker, number: int) -> None:
    seen = 0
    async for batch in Reader(broker, [STOCK.name], "beginning").batches():
        seen += len(batch)
        if seen >= number:
            return


async def write_requests(broker: Broker, products: Sequence[str]) -> None:
    records = [encode(_request(random.choice(products))) for _ in range(EVENTS)]
    nowhere = {Partition(INVENTORIES.name, 0): Committed(0)}
    async with ProducerPair(broker, "benchmark") as pair:
        for start in range(0, EVENTS, 1_000):
            await pair.transact(records[start : start + 1_000], "benchmark", nowhere)


def _request(product: str) -> Envelope[Event]:
    data = StockRequested(payment_id=str(uuid4()), quantity=1, product=product)
    return Envelope.born(data, "payments_service", "benchmark")


async def requests(broker: Broker, written: int) -> list[Record]:
    """The last EVENTS of all that were written."""
    seen: list[Record] = []
    async for batch in Reader(broker, [INVENTORIES.name], "beginning").batches():
        seen += batch
        if len(seen) == written:
            break
    return sorted(seen, key=lambda record: record.timestamp)[-EVENTS:]


@dataclass
class Consumed:
    """Events a second into the database; seconds by which the topic came later; share of a core of each process."""

    rate: float
    topic_later: float
    cpu: dict[str, float]


async def consume(stage: Stage) -> Consumed:
    """From the first event that the service, started for this, handles until the last one is in the database."""
    before = await moved(stage)
    on_topic = asyncio.create_task(until_moved(stage.broker, EVENTS))
    await asyncio.to_thread(stage.service.start)
    async with Connection(stage.service.port) as http, asyncio.timeout(300):
        first = await handled(http, 1)
        begun, used = time.perf_counter(), stage.cpu()
        await handled(http, EVENTS)
        while await moved(stage) - before < EVENTS:  # the last write is under way
            pass
        ended = time.perf_counter()
        cpu = {name: (now - used[name]) / (ended - begun) for name, now in stage.cpu().items()}
        later = await on_topic - ended
    stage.service.stop()
    return Consumed((EVENTS - first) / (ended - begun), later, cpu)


async def handled(http: Connection, least: int) -> float:
    """How many events the service has handled, as soon as there are so many."""
    while True:
        _, body = await http.send(request("GET", "/metrics"))
        lines = (line for line in body.splitlines() if line.startswith(b"worker_events_handled_total{"))
        if (number := sum(float(line.split()[-1]) for line in lines)) >= least:
            return number
        await asyncio.sleep(LOOK)


async def moved(stage: Stage) -> int:
    """Movements in the documents themselves."""
    async with Database(stage.mongo.uri, SERVICE) as database:
        found = await database.collection("products").find({}, {"moved": 1}).to_list(None)
    return sum(document["moved"] for document in found)


async def until_moved(broker: Broker, number: int) -> float:
    """When so many further movements were on the topic."""
    seen = 0
    async for batch in Reader(broker, [STOCK.name], "end").batches():
        seen += len(batch)
        if seen >= number:
            return time.perf_counter()
    raise AssertionError


# From a payment to its movement


@dataclass
class Arrivals:
    """When the movement of each payment was on the topic, as a reader of committed records sees it."""

    times: dict[str, float] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def of(self, payment: str) -> float:
        async with asyncio.timeout(30):
            while payment not in self.times:
                self.changed.clear()
                await self.changed.wait()
        return self.times[payment]

    async def read(self, reader: Reader) -> None:
        async for batch in reader.batches():
            now = time.perf_counter()
            self.times |= {str(json.loads(record.value or b"").get("payment_id")): now for record in batch}
            self.changed.set()


@contextlib.asynccontextmanager
async def watching(shop: RunningShop) -> AsyncIterator[Arrivals]:
    arrivals = Arrivals()
    reader = Reader(Broker(shop.status["kafka"]["bootstrap_servers"]), [STOCK.name], "end")
    task = asyncio.create_task(arrivals.read(reader))
    assert await reader.catch_up(30)
    yield arrivals
    task.cancel()


async def latency(shop: RunningShop) -> None:
    table = Table("pay → stock.moved", "p50", "p99")
    async with watching(shop) as arrivals:
        await one_at_a_time(shop, arrivals, 50)  # the first ones meet connections that are not open yet
        alone = await one_at_a_time(shop, arrivals, 300)
        steady = await at_a_rate(shop, arrivals, rate=100, seconds=15)
    for name, took in {"one at a time": alone, "at 100/s": steady}.items():
        table.add_row(name, *(f"{percentile(took, share) * 1e3:.1f} ms" for share in (0.5, 0.99)))
    console.print(table)


async def one_at_a_time(shop: RunningShop, arrivals: Arrivals, payments: int) -> list[float]:
    """With a pause in between."""
    took: list[float] = []
    async with Connection(shop.port("payments_service")) as http:
        for _ in range(payments):
            took.append(await paid([http], arrivals))
            await asyncio.sleep(0.01)
    return took


async def at_a_rate(shop: RunningShop, arrivals: Arrivals, rate: int, seconds: int) -> list[float]:
    """An open loop: payments start on their time whether or not the earlier ones are through."""
    async with contextlib.AsyncExitStack() as stack:
        port = shop.port("payments_service")
        free = [await stack.enter_async_context(Connection(port)) for _ in range(64)]
        start = asyncio.get_running_loop().time()
        tasks: list[asyncio.Task[float]] = []
        async with asyncio.TaskGroup() as group:
            for number in range(rate * seconds):
                await asyncio.sleep(start + number / rate - asyncio.get_running_loop().time())
                tasks.append(group.create_task(paid(free, arrivals)))
    return [task.result() for task in tasks]


async def paid(free: list[Connection], arrivals: Arrivals) -> float:
    """Seconds from before the request, on a free connection, until its movement was read."""
    begun = time.perf_counter()
    http = free.pop()  # more than enough of them: an answer takes some milliseconds
    _, body = await http.send(PAY)
    free.append(http)
    return await arrivals.of(json.loads(body)["payment_id"]) - begun


if __name__ == "__main__":
    main()
