"""Row 8: many filters at once, and whether each client gets what a filter that reads a file would give it."""

import re
from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b
from urllib.parse import quote

from benchmarks.hub.found import Found, Series
from benchmarks.hub.lines import EVENTS, SERVICES, log_line
from benchmarks.hub.running import clients, server

CLIENTS = 200
RATE = 1_000
SECONDS = 10

# By query: what `grep` would look for in the line. The order of the fields is part of the contract.
FILTERS: Mapping[str, str] = {
    **{f"service={name}": f'"service":"{name}"' for name in SERVICES},
    **{f"event={name}": f'"event":"{re.escape(name)}"' for name in EVENTS},
    **{f"user=u{number}": f'"user":"u{number}"' for number in range(20)},
    **{
        f"level={name}": f'"level":"({graver})"'
        for name, graver in (("error", "error"), ("warning", "error|warning"))
    },
    **{f"contains={quote(f'paid {number}.00')}": rf"paid {number}\.00" for number in range(8)},
    **{
        f"regex={quote(f'paid {number}[0-9][.]00 EUR')}": rf"paid {number}[0-9]\.00 EUR"
        for number in range(1, 7)
    },
    "correlation_id=00000064-0000-4000-8000-000000000000": '"correlation_id":"00000064-',
    "service=users_service&level=warning": '"level":"(error|warning)","service":"users_service"',
}
QUERIES = [f"?{list(FILTERS)[nth % len(FILTERS)]}" for nth in range(CLIENTS)]


def filters() -> Iterator[Found | Series]:
    with server() as serving, clients(serving.port) as crowd:
        crowd.do("join_summing", QUERIES)
        answer = serving.feed(RATE, SECONDS, kind="log")
        sums = crowd.do("sums")
        tells = [offline(pattern, answer["lines"]) for pattern in FILTERS.values()]
        wrong = sum(tuple(found) != tells[nth % len(tells)] for nth, found in enumerate(sums))
    delivered = sum(lines for lines, _ in sums)
    share = f"{answer['cpu'] / answer['seconds']:.0%} of a core; {delivered:,} deliveries"
    what = f"{len(FILTERS)} filters, {CLIENTS} clients, {RATE:,} lines/s"
    yield Found(what, share, "40 %", "25 %")
    yield Found("  clients whose lines are not those of an offline filter", f"{wrong} of {len(sums)}", "0")


def offline(pattern: str, lines: int) -> tuple[int, str]:
    """How many of the first lines match, and their sum."""
    matches: Callable[[bytes], object] = re.compile(pattern.encode()).search
    found = [text for text in map(log_line, range(lines)) if matches(text)]
    return len(found), blake2b(b"".join(found)).hexdigest()
