"""How long from a payment to its line, how many payments and log-ins a second, how much at rest.

Starts a shop of its own (`./shop up`), measures, stops it. Five minutes.
"""

import asyncio
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any
from uuid import uuid4

import bcrypt
import uvloop
from rich.console import Console
from rich.table import Table
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.http_load import Connection, closed_loop, percentile, request
from benchmarks.running_shop import RunningShop, running_shop
from benchmarks.single_inserts import insert_rate
from contracts import LOGS, NOTIFICATIONS
from event_bus import Broker, Reader

PAY = request("POST", "/pay")
console = Console(width=130)
Line = dict[str, Any]


def main() -> None:
    with running_shop() as shop:
        table = Table("what", "measured", "must", "aim")
        rest(shop, table)
        uvloop.run(measure(shop, table))
        console.print(table)


def rest(shop: RunningShop, table: Table) -> None:
    """Memory, and CPU over ten quiet seconds (which is the measurement, not a wait for something)."""
    table.add_row("second ./shop up to all ready", f"{shop.second_start:.1f} s", "15 s", "8 s")
    table.add_row("(first one, tools there)", f"{shop.first_start:.1f} s", "", "")
    processes = shop.processes()
    total = sum(process.memory_info().rss for process in processes.values()) / 1e6
    table.add_row("resident memory, everything", f"{total:.0f} MB", "900 MB", "600 MB")
    before = {name: sum(process.cpu_times()[:2]) for name, process in processes.items()}
    begun = time.perf_counter()
    time.sleep(10)
    passed = time.perf_counter() - begun
    for name, process in processes.items():
        used = (sum(process.cpu_times()[:2]) - before[name]) / passed
        memory = process.memory_info().rss / 1e6
        python = "" if name in ("kafka", "mongo") else "1 %"
        table.add_row(f"  idle: {name} ({memory:.0f} MB)", f"{used:.1%} of a core", python, "")


async def measure(shop: RunningShop, table: Table) -> None:
    await latency_alone(shop, table, "the first 200 after a start", 200)
    await latency_alone(shop, table, "the next 300", 300, explained=True)
    await latency_at_a_rate(shop, table, rate=200, seconds=15)
    await throughput(shop, table)
    await logins(shop, table)


async def latency_alone(
    shop: RunningShop, table: Table, which: str, payments: int, explained: bool = False
) -> None:
    """One payment at a time, with a pause in between; where the time goes is read from the records themselves.

    A broker that has just started interprets what it compiles later.
    """
    arrived: dict[str, float] = {}
    took: list[float] = []
    answered: list[float] = []
    async with Connection(shop.port("payments_service")) as http, connect(shop.websocket) as watcher:
        await http.send(PAY)
        await watcher.recv()
        for _ in range(payments):
            begun = time.time()
            await http.send(PAY)
            answered.append(time.time() - begun)
            line = json.loads(await watcher.recv())
            arrived[line["event_id"]] = time.time()
            took.append(arrived[line["event_id"]] - begun)
            await asyncio.sleep(0.01)
    row(table, f"pay → line, one at a time, {which}: p50", percentile(took, 0.5), "20 ms", "10 ms")
    row(table, f"pay → line, one at a time, {which}: p99", percentile(took, 0.99), "80 ms", "40 ms")
    if not explained:
        return
    row(table, "  of it: request to answer, p50 (insert)", percentile(answered, 0.5))
    for name, seconds in (await stages(shop, arrived)).items():
        row(table, f"  of it: {name}, p50", percentile(seconds, 0.5))


async def stages(shop: RunningShop, arrived: dict[str, float]) -> dict[str, list[float]]:
    """From the times in the records: event born, sent by the relay, sent by the worker (milliseconds each)."""
    sent = await timestamps(shop, NOTIFICATIONS.name, "ce_id", set(arrived))
    lines = await timestamps(shop, LOGS.name, "ce_causationid", set(arrived))
    both = sent.keys() & lines.keys()
    return {
        "event born → relay's transaction": [sent[key][0] - sent[key][1] for key in both],
        "relay's transaction → worker's": [lines[key][0] - sent[key][0] for key in both],
        "worker's transaction → hub → client": [arrived[key] - lines[key][0] for key in both],
    }


async def timestamps(
    shop: RunningShop, topic: str, header: str, ids: set[str]
) -> dict[str, tuple[float, float]]:
    """By id: when the record was sent, and when the event in it was born."""
    found: dict[str, tuple[float, float]] = {}
    reader = Reader(Broker(shop.status["kafka"]["bootstrap_servers"]), [topic], "beginning")
    async with asyncio.timeout(30):
        async for batch in reader.batches():
            for record in batch:
                headers = dict(record.headers)
                born = datetime.fromisoformat(headers["ce_time"].decode()).timestamp()
                found[headers[header].decode()] = (record.timestamp / 1000, born)
            if ids <= found.keys():
                break
    return {key: found[key] for key in ids}


async def latency_at_a_rate(shop: RunningShop, table: Table, rate: int, seconds: int) -> None:
    """An open loop: payments start on their time whether or not the earlier ones are through."""
    begun: dict[str, float] = {}
    took: list[float] = []
    async with AsyncExitStack() as stack:
        ways = [await stack.enter_async_context(Connection(shop.port("payments_service"))) for _ in range(16)]
        free: asyncio.Queue[Connection] = asyncio.Queue()
        for way in ways:
            free.put_nowait(way)
        watcher = await stack.enter_async_context(connect(shop.websocket))
        reading = asyncio.create_task(read_lines(watcher, begun, took, rate * seconds))
        start = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            for number in range(rate * seconds):
                await asyncio.sleep(start + number / rate - asyncio.get_running_loop().time())
                group.create_task(pay(free, begun))
        async with asyncio.timeout(30):
            await reading
    row(table, f"pay → line at {rate}/s: p50", percentile(took, 0.5))
    row(table, f"pay → line at {rate}/s: p99", percentile(took, 0.99), "120 ms")


async def pay(free: asyncio.Queue[Connection], begun: dict[str, float]) -> None:
    reference = uuid4().hex
    begun[reference] = time.perf_counter()
    connection = await free.get()
    status, _ = await connection.send(request("POST", "/pay", f"reference={reference}"))
    free.put_nowait(connection)
    assert status == 201


async def read_lines(
    watcher: ClientConnection, begun: dict[str, float], took: list[float], number: int
) -> None:
    for _ in range(number):
        message = json.loads(await watcher.recv())["message"]
        now = time.perf_counter()
        took.append(now - begun[message.rpartition(" ")[2].rstrip(")")])


async def throughput(shop: RunningShop, table: Table, turns: int = 5, seconds: float = 3.0) -> None:
    """Beside the rate of single inserts of the same documents in the same database, in turns: medians of all turns.

    Longer turns, and the outbox is full on a fast machine: it takes 20,000 payments that Kafka does not have yet.
    """
    ways = {callers: Payers() for callers in (32, 128)}
    single: list[float] = []
    process = shop.process("payments_service")
    for _ in range(turns):
        single.append(await insert_rate(shop.status["mongo"]["uri"], seconds / 2))
        for callers, payers in ways.items():
            before = sum(process.cpu_times()[:2])
            took = await paying(shop, callers, seconds)
            await drained(shop)
            payers.took += took
            payers.rates.append(len(took) / seconds)
            payers.cpu += sum(process.cpu_times()[:2]) - before
    table.add_row("single journaled inserts, one at a time", f"{median(single):,.0f}/s", "", "")
    for callers, payers in ways.items():
        rate = median(payers.rates)
        times = sorted(one / beside for one, beside in zip(payers.rates, single, strict=True))
        table.add_row(
            f"/pay, {callers} connections",
            f"{rate:,.0f}/s; {median(times):.1f} x single inserts ({times[0]:.1f} to {times[-1]:.1f}); "
            f"p50 {percentile(payers.took, 0.5) * 1e3:.0f} ms; "
            f"{payers.cpu / len(payers.took) * 1e3:.2f} ms CPU a request, relay included",
            "3 x",
            "",
        )


@dataclass
class Payers:
    """So many at a time: seconds that each payment took, payments a second of each turn, CPU seconds of all turns."""

    took: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    cpu: float = 0.0


async def paying(shop: RunningShop, callers: int, seconds: float) -> list[float]:
    async with AsyncExitStack() as stack:
        ways = [
            await stack.enter_async_context(Connection(shop.port("payments_service"))) for _ in range(callers)
        ]
        return await closed_loop(callers, seconds, lambda number: checked(ways[number]))


async def checked(connection: Connection) -> None:
    status, body = await connection.send(PAY)
    assert status == 201, body


async def drained(shop: RunningShop) -> None:
    """Until the relay has nothing left: the next measurement is not to pay for this one."""
    async with Connection(shop.port("payments_service")) as http, asyncio.timeout(300):
        while True:
            _, body = await http.send(request("GET", "/metrics"))
            pending = [line for line in body.splitlines() if line.startswith(b"outbox_pending_documents{")]
            if sum(float(line.split()[-1]) for line in pending) == 0:
                return
            await asyncio.sleep(0.5)


async def logins(shop: RunningShop, table: Table, seconds: float = 20.0) -> None:
    """Beside bcrypt alone on all cores, before and after; and whether the service still answers meanwhile."""
    cores = os.cpu_count() or 1
    who = "username=bench&password=secret"
    health: list[float] = []
    bare = [await asyncio.to_thread(hashes, cores, seconds / 2)]
    async with (
        AsyncExitStack() as stack
    ):  # not before: a connection that says nothing is closed after ten seconds
        ways = [
            await stack.enter_async_context(Connection(shop.port("users_service"))) for _ in range(4 * cores)
        ]
        await ways[0].send(request("POST", "/register", who))
        look = await stack.enter_async_context(Connection(shop.port("users_service")))

        async def login(number: int) -> None:
            status, body = await ways[number].send(request("POST", "/login", who))
            assert status == 200, body

        watching = asyncio.create_task(watch_health(look, health))
        took = await closed_loop(len(ways), seconds, login)
        watching.cancel()
    bare.append(await asyncio.to_thread(hashes, cores, seconds / 2))
    rate, alone = len(took) / seconds, sum(bare) / len(bare)
    table.add_row("bcrypt alone, cost 12, all cores", f"{alone:.2f}/s", "", "")
    table.add_row("/login", f"{rate:.2f}/s = {rate / alone:.0%} of bcrypt alone", "95 %", "")
    row(table, "/healthz meanwhile: p99", percentile(health, 0.99), "20 ms")


def hashes(threads: int, seconds: float) -> float:
    """bcrypt hashes a second, on so many threads."""
    salt = bcrypt.gensalt(12)
    end = time.perf_counter() + seconds

    def work(_: int) -> int:
        done = 0
        while time.perf_counter() < end:
            bcrypt.hashpw(b"secret", salt)
            done += 1
        return done

    begun = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        done = sum(pool.map(work, range(threads)))
    return done / (time.perf_counter() - begun)


async def watch_health(connection: Connection, took: list[float]) -> None:
    while True:
        begun = time.perf_counter()
        await connection.send(request("GET", "/healthz"))
        took.append(time.perf_counter() - begun)
        await asyncio.sleep(0.05)


def row(table: Table, what: str, seconds: float, must: str = "", aim: str = "") -> None:
    table.add_row(what, f"{seconds * 1e3:.1f} ms", must, aim)


if __name__ == "__main__":
    main()
