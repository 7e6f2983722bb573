"""Rows 4 and 7: what clients cost that do not read, and what connections cost that have nothing to read."""

from collections.abc import Iterator
from statistics import median

from benchmarks.hub.found import MIB, MILLISECOND, Found, Series
from benchmarks.hub.lines import FRAME_BYTES, SIZE
from benchmarks.hub.running import Clients, Server, clients, connections, server

CLIENTS = 200
DEAF = CLIENTS // 10
RATE = 25_000  # lines a second
STREAMED = 103_000_000  # bytes of lines; the last ones of each part are not due any more
PARTS = 6
RING = 32 * MIB
EACH = 320 * 1024  # bytes that the process may hold for a client that does not read
IDLE = 5_000


def deaf() -> Iterator[Found | Series]:
    seconds = STREAMED / SIZE / RATE
    with server() as serving, clients(serving.port, CLIENTS - DEAF, 10) as crowd:
        serving.feed(50, 0.3)
        before = serving.memory()
        quiet = [part(serving, crowd, seconds / PARTS) for _ in range(PARTS // 2)]
        crowd.do("join_deaf", DEAF)
        busy = [part(serving, crowd, seconds / PARTS) for _ in range(PARTS)]
        grown = serving.memory() - before
    bound = RING + DEAF * EACH
    lines = sum(each["sent"] for each in busy)
    lacking = lines * (CLIENTS - DEAF) - sum(each["bytes"] for each in busy) // FRAME_BYTES
    what = f"{DEAF} of {CLIENTS} read nothing, {lines * SIZE / 1e6:.0f} MB"
    yield Found(f"{what}: memory", f"+{grown / MIB:.1f} MiB", f"{bound / MIB:.1f} MiB: ring + 320 KiB each")
    yield Found("  others: lines lacking, gaps seen", f"{lacking:.0f}, {busy[-1]['gaps']:.0f}", "0, 0")
    p99, was = (median(each["p99"] for each in parts) / MILLISECOND for parts in (busy, quiet))
    yield Found("  others: p99", f"{p99:.1f} ms = {p99 / was:.2f} x {was:.1f} ms without them", "1.2 x")


def part(serving: Server, crowd: Clients, seconds: float) -> dict[str, float]:
    """What the others saw meanwhile. Of several parts the median is taken: one bad moment is in one of them."""
    crowd.do("forget")
    sent = serving.feed(RATE, seconds)["lines"]
    return {**crowd.do("report"), "sent": sent}


def idle() -> Iterator[Found | Series]:
    number = connections(IDLE)
    with server() as serving, clients(serving.port) as crowd:
        crowd.do("join", 100)  # everything was used once
        before, tasks = serving.memory(), serving.feed(1, 0)["tasks"]
        crowd.do("join", number)
        each = (serving.memory() - before) / number
        more = serving.feed(1, 0)["tasks"] - tasks
    yield Found(
        f"an idle connection, {number:,} of them",
        f"{each / 1024:.1f} KiB, {more} tasks",
        "8 KiB, 0",
        "6.5 KiB",
    )
