"""Rows 5, 6, 9 and 10: the whole service on a real Kafka, killed, slow to be read, far behind, and attacked."""

import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil

from benchmarks.hub.found import MIB, MILLISECOND, Found, Series
from benchmarks.hub.lines import FRAME_BYTES, number, texts
from benchmarks.hub.running import Fed, Told, clients, pin
from benchmarks.hub.watching import DEAF_RECEIVE_BUFFER, handshake
from benchmarks.worker import broker
from dev import ports
from dev.paths import ROOT
from dev.services import Service
from dev.waiting import until

SMALL_RING = 1 * MIB  # the least that it takes: some 4,000 lines
FOR_EVER = 3_600  # seconds between pings, which the clients here do not answer

RESTLESS = 200
SECONDS = 60
RATE = 1_000

STREAM, STREAM_SECONDS = 20_000, 3
TIMES_SLOWER = 10
QUIET = 3.0  # seconds without a line: that was the last one

BACKLOG = 500_000

VICTIMS = 50
ATTACK_RATE = 100
ATTACK_SECONDS = 10
DOCUMENTED = {
    "a parameter that there is not": "400",
    "another path": "404",
    "another Host": "421",
    "another Origin": "403",
    "a message of 5,000 bytes": "1009",
    "a message of 2 GB, announced": "1009",
    "a frame without a mask": "1002",
    "a frame with an unknown opcode": "1002",
    "a text that is not UTF-8": "1000",
}


class Running(NamedTuple):
    hub: Service
    writer: Fed

    @property
    def port(self) -> int:
        return self.hub.port

    @property
    def process(self) -> psutil.Process:
        return psutil.Process(self.hub.pid)

    def cpu(self) -> float:
        return sum(self.process.cpu_times()[:2])

    def metric(self, name: str) -> float:
        with urllib.request.urlopen(f"{self.hub.url}/metrics") as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.partition("{")[0].split()[0] == name)


@contextmanager
def running(backlog: int = 0, **settings: object) -> Iterator[Running]:
    """A hub with a Kafka of its own, ready; before it starts so many lines lie there."""
    with ExitStack() as stack:
        kafka = stack.enter_context(broker())
        log = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shop-bench-"))) / "hub.log"
        writer = Fed([sys.executable, "-m", "benchmarks.hub.writer", kafka.bootstrap_servers], 1)
        stack.callback(writer.end)
        writer.answer()
        if backlog:
            writer.feed(0, 120, lines=backlog)
        (port,) = ports.free(1)
        environment = {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "LOGS_PORT": str(port)}
        given = {f"LOGS_{name.upper()}": str(value) for name, value in settings.items()}
        hub = Service("logs_service", port, log, {**environment, **given})
        stack.callback(hub.stop)
        hub.spawn()
        pin(hub.pid, 0)
        hub.wait_ready()
        yield Running(hub, writer)


def killed() -> Iterator[Found | Series]:
    with running() as shop, told("restless", shop.port) as crowd:
        crowd.do("connect", RESTLESS)
        crowd.do("cut", 1.0)
        shop.writer.begin(RATE, SECONDS)
        time.sleep(SECONDS / 2)  # the half of the measurement, not a wait for something
        shop.hub.kill()
        shop.hub.start()
        lines = shop.writer.answer()["lines"]
        crowd.do("rest", 0)
        until(lambda: crowd.do("report", lines)["to come"] == 0, 60)
        seen = crowd.do("report", lines)
    missing = seen["missing"] + seen["to come"]
    what = f"{RESTLESS} clients, {seen['cuts']:,} cuts, hub killed once, {lines:,} lines"
    measured = f"{missing} missing, {seen['doubled']} doubled, {seen['notices']} notices"
    yield Found(what, measured, "0 missing, 0 doubled")


def slow() -> Iterator[Found | Series]:
    with running(ring_bytes=SMALL_RING, ping_seconds=FOR_EVER) as shop:
        client = handshake(shop.port, receive_buffer=DEAF_RECEIVE_BUFFER)
        client.settimeout(QUIET)
        shop.writer.begin(STREAM, STREAM_SECONDS)
        seen = list(read_slowly(client, STREAM / TIMES_SLOWER))
        lines = shop.writer.answer()["lines"]
        replayed = shop.metric("logs_replayed_total")
    in_order = seen == list(range(lines))
    measured = f"{len(seen):,} of {lines:,}, {'in order' if in_order else 'NOT in order'}; {replayed:,.0f} from Kafka"
    yield Found(f"a client {TIMES_SLOWER} x slower than {STREAM:,} lines/s", measured, "every line, in order")


def read_slowly(client: socket.socket, rate: float) -> Iterator[int]:
    """The numbers of the lines, so many a second at most, until nothing comes any more."""
    rest, begun, seen = b"", time.monotonic(), 0
    while True:
        try:
            rest += client.recv(FRAME_BYTES * 20)
        except TimeoutError:
            return
        end = 0
        for text, end in texts(rest):  # noqa: B007  # the last one counts
            yield number(text)
            seen += 1
        rest = rest[end:]
        time.sleep(max(0.0, begun + seen / rate - time.monotonic()))  # this is how slow it is


def backlog() -> Iterator[Found | Series]:
    with (
        running(BACKLOG, ring_bytes=SMALL_RING, ping_seconds=FOR_EVER) as shop,
        clients(shop.port) as crowd,
    ):
        before, begun = shop.cpu(), time.monotonic()
        crowd.do("join", 1, 0, "?from=earliest")
        until(lambda: crowd.do("report")["bytes"] >= BACKLOG * FRAME_BYTES, 60)
        used, passed = shop.cpu() - before, time.monotonic() - begun
        lines = crowd.do("report")["bytes"] // FRAME_BYTES
    measured = f"{lines / used:,.0f} lines a CPU second, {lines / passed:,.0f} lines/s"
    yield Found(f"from Kafka: {lines:,} of {BACKLOG:,} lines to one client", measured, "60,000", "120,000")


def attacked() -> Iterator[Found | Series]:
    with running(ping_seconds=FOR_EVER) as shop, clients(shop.port, VICTIMS, 10) as crowd:
        shop.writer.feed(ATTACK_RATE, 2, kind="broken")
        files, memory = shop.process.num_fds(), shop.process.memory_info().rss
        crowd.do("forget")
        shop.writer.feed(ATTACK_RATE, ATTACK_SECONDS)
        quiet = crowd.do("report")
        crowd.do("forget")
        shop.writer.begin(ATTACK_RATE, ATTACK_SECONDS, kind="broken")
        used = shop.cpu()
        answers = attack(shop.port)
        used = shop.cpu() - used
        shop.writer.answer()
        busy = crowd.do("report")
        until(lambda: shop.process.num_fds() <= files, 15)
        grown = shop.process.memory_info().rss - memory, shop.process.num_fds() - files
        attack(shop.port)
        again = shop.process.memory_info().rss - memory
    came, p99, was = answers.pop("came and went", 0) / ATTACK_SECONDS, busy["p99"], quiet["p99"]
    yield Found(
        f"{came:,.0f} connects/s, 500 half-open: others' p99",
        f"{p99 / MILLISECOND:.1f} ms = {p99 / was:.2f} x {was / MILLISECOND:.1f} ms; "
        f"{busy['gaps']} gaps, {busy['lost']} lost; {used / ATTACK_SECONDS:.0%} of a core",
        "2 x",
    )
    growth = f"{(again - grown[0]) / MIB:+.1f} MiB by a second attack, {grown[1]:+} files"
    yield Found("  growth", growth, "none")
    wrong = [f"{what} ({count})" for what, count in answers.items() if not documented(what)]
    yield Found(
        "  answers", ", ".join(wrong) or f"all {sum(answers.values())} as documented", "as documented"
    )


def documented(answer: str) -> bool:
    kind, _, given = answer.rpartition(": ")
    return DOCUMENTED.get(kind) == given


def attack(port: int) -> dict[str, int]:
    argv = [sys.executable, "-m", "benchmarks.hub.hostile", str(port), str(ATTACK_SECONDS)]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE) as process:
        psutil.Process(process.pid).nice(15)  # it shall disturb the hub, not who looks at the clock
        told, _ = process.communicate()
    return dict(json.loads(told))


@contextmanager
def told(name: str, port: int) -> Iterator[Told]:
    process = Told([sys.executable, "-m", f"benchmarks.hub.{name}", str(port)], 1)
    try:
        yield process
    finally:
        process.end()
