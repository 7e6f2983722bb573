"""Rows 1 to 3 and the curves: what a delivery costs and how late it is, beside other servers in the same run."""

from collections import defaultdict
from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

from benchmarks.hub.found import MILLISECOND, Found, Series
from benchmarks.hub.lines import FRAME_BYTES
from benchmarks.hub.running import NotHere, clients, connections, server
from dev.errors import ShopError

CLIENTS = 200
ROUNDS = 3  # of each server, in turn, so that each meets the same moments of the machine
SAMPLES = 10  # clients that look at their lines; all others cost the load next to nothing
NAMES = {
    "ring": "the hub",
    "broadcast": "websockets.broadcast()",
    "send_text": "Starlette send_text, uvicorn",
    "picows": "picows (Cython)",
    "uwebsockets": "uWebSockets (C++)",
}
CURVE_CLIENTS = (1, 10, 100, 1_000, 5_000)
CURVE_RATES = (1, 10, 100, 1_000, 10_000)
CURVE_SECONDS = 3.0
CURVE_RATE = 100  # lines a second along the clients


class Run(NamedTuple):
    """`cost`: CPU seconds of the server a delivery. Latencies in nanoseconds."""

    cost: float
    share: float  # of a core
    rate: float  # lines a second
    p50: float
    p99: float
    writes: float  # the server's CPU seconds per write of the hub; 0 for others


def run(way: str, number: int, rate: float, seconds: float, samples: int = SAMPLES) -> Run:
    with server(way) as serving, clients(serving.port, number, min(samples, number)) as crowd:
        serving.feed(min(rate, 50) or 50, 0.3)  # everything was used once
        crowd.do("forget")
        answer = serving.feed(rate, seconds)
        seen = crowd.do("report")
    assert not seen["gaps"], f"{way}: {seen['gaps']} gaps"
    assert not seen["lost"], f"{way}: {seen['lost']} connections lost"
    used, passed = answer["cpu"], answer["seconds"]
    writes = answer.get("flushes", 0) * number
    return Run(
        used / (seen["bytes"] / FRAME_BYTES),
        used / passed,
        answer["lines"] / passed,
        seen["p50"],
        seen["p99"],
        used / writes if writes else 0,
    )


def rounds(ways: list[str], *load: float) -> tuple[dict[str, list[Run]], dict[str, str]]:
    """By server, and which of them are not here."""
    runs: dict[str, list[Run]] = defaultdict(list)
    missing: dict[str, str] = {}
    number, rate, seconds = load
    for _ in range(ROUNDS):
        for way in ways:
            if way not in missing:
                try:
                    runs[way].append(run(way, int(number), rate, seconds))
                except (NotHere, ShopError) as error:
                    missing[way] = str(error)
    return runs, missing


def delivery_cost() -> Iterator[Found | Series]:
    runs, missing = rounds(list(NAMES), CLIENTS, 1_000, 3)
    costs = {way: median(each.cost for each in found) for way, found in runs.items()}
    for way, found in runs.items():
        share, rate = (median(getattr(each, what) for each in found) for what in ("share", "rate"))
        beside = "" if way == "ring" else f" = {costs[way] / costs['ring']:.1f} x the hub"
        measured = f"{costs[way] * 1e6:.2f} µs{beside}; {share:.0%} of a core at {rate:,.0f} lines/s"
        wanted = ("1/5 of broadcast(), below uWebSockets", "0.8 µs") if way == "ring" else ()
        yield Found(f"CPU a delivery, {CLIENTS} x 1,000/s: {NAMES[way]}", measured, *wanted)
    for way, why in missing.items():
        yield Found(f"  {NAMES[way]}", f"not here: {why}")
    names = [NAMES[way] for way in costs]
    title = f"CPU a delivery, {CLIENTS} clients, 1,000 lines/s"
    yield Series(title, "µs", [cost * 1e6 for cost in costs.values()], names=names)


def saturated() -> Iterator[Found | Series]:
    runs, _ = rounds(["ring", "broadcast", "uwebsockets"], CLIENTS, 0, 2)
    for way, found in runs.items():
        most = 1 / median(each.cost for each in found)
        measured = f"{most / 1e6:.2f} million; {median(each.rate for each in found):,.0f} lines/s"
        wanted = ("4 million", "8 million") if way == "ring" else ()
        yield Found(f"deliveries a CPU second, saturated, {CLIENTS} clients: {NAMES[way]}", measured, *wanted)


def latency() -> Iterator[Found | Series]:
    ways = ["ring", "broadcast", "uwebsockets"]
    yield from _latency(["ring"], CLIENTS, 1_000, "", "10 ms")
    yield from _latency(ways, CLIENTS, 200, "that of broadcast()", "")
    yield from _latency(ways, 50, 20, "that of broadcast()", "3 ms")


def _latency(ways: list[str], number: int, rate: float, must: str, aim: str) -> Iterator[Found]:
    runs, _ = rounds(ways, number, rate, 3)
    late = {way: median(each.p99 for each in found) for way, found in runs.items()}
    for way, found in runs.items():
        p50 = median(each.p50 for each in found)
        beside = f" = {late['ring'] / late['broadcast']:.2f} x" if way == "ring" and must else ""
        measured = f"{late[way] / MILLISECOND:.1f} ms{beside}; p50 {p50 / MILLISECOND:.1f} ms"
        yield Found(
            f"p99, {number} x {rate:,.0f}/s: {NAMES[way]}", measured, *((must, aim) if way == "ring" else ())
        )


def curves() -> Iterator[Found | Series]:
    most = connections(max(CURVE_CLIENTS))
    numbers = [min(number, most) for number in CURVE_CLIENTS]
    along = [run("ring", number, CURVE_RATE, CURVE_SECONDS) for number in numbers]
    yield from _curve(f"clients, {CURVE_RATE} lines/s", "clients", numbers, along)
    rates = [run("ring", CLIENTS, rate, CURVE_SECONDS) for rate in CURVE_RATES]
    yield from _curve(f"lines/s, {CLIENTS} clients", "lines/s", list(CURVE_RATES), rates)


def _curve(title: str, what: str, along: list[int], found: list[Run]) -> Iterator[Found | Series]:
    for at, each in zip(along, found, strict=True):
        measured = (
            f"{each.cost * 1e6:.2f} µs a delivery, {each.writes * 1e6:.1f} µs a write; "
            f"{each.share:.0%} of a core; p99 {each.p99 / MILLISECOND:.1f} ms"
        )
        yield Found(f"{at:,} {what}", measured, "no growth but by writes" if at == along[-1] else "")
    points = [float(at) for at in along]
    yield Series(f"µs a write, by {title}", what, [each.writes * 1e6 for each in found], points)
    yield Series(f"µs a delivery, by {title}", what, [each.cost * 1e6 for each in found], points)
