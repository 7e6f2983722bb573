"""`./shop audit`: whether money, goods and events of a shop that runs agree. Looks, and changes nothing.

It knows the services from outside only: what they answer by HTTP, and what is committed on topics. What is under way
when it begins is waited for.
"""

import asyncio
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import quote

from dev.audit.checks import Finding, broken, check
from dev.audit.facts import Events, Facts, Movement
from dev.committed import CommittedRecords, committed_records
from dev.dlq.redrive import settled
from dev.errors import NotReady
from dev.http_calls import get
from dev.record import Record
from dev.security import administrator

TOPICS = ("inventories", "stock", "notifications")
PAGE = 200  # the most that a page of the stock holds
ASKED = 200  # payments, the latest of those refused: a second of calls
QUIET = 1.0  # seconds without a record: longer than an event takes through the whole shop
PAUSE = 0.2


@dataclass(frozen=True, slots=True)
class Report:
    findings: list[Finding]
    records: int

    @property
    def ok(self) -> bool:
        return not broken(self.findings)


def audit(record: Record, prefix: str, within: float, but: Collection[str] = ()) -> Report:
    """Looks until all is well; after so many seconds what it found counts. NotReady if it was never quiet.

    `but`: checks that are left out.
    """
    return asyncio.run(_audit(record, prefix, within, but))


async def _audit(record: Record, prefix: str, within: float, but: Collection[str]) -> Report:
    events, statuses = Events(), dict[str, str]()
    topics = [prefix + topic for topic in TOPICS]
    async with committed_records(record.bootstrap_servers, topics, administrator(record)) as committed:
        events.settled |= await _settled(record, prefix)
        events.add(await committed.new())  # all that was there, however long it takes
        end = time.monotonic() + within
        while True:
            await _until_quiet(committed, events, end)
            facts = await asyncio.to_thread(_look, record, events, statuses)
            findings = [finding for finding in check(facts) if finding.check not in but]
            if not broken(findings) or time.monotonic() > end:
                return Report(findings, events.records)
            await asyncio.sleep(PAUSE)


async def _settled(record: Record, prefix: str) -> set[str]:
    """Dead letters that somebody redrove or dropped: what comes of a redriven record comes of its second copy."""
    places = await settled(record.bootstrap_servers, prefix, administrator(record))
    return {f"{place.topic}-{place.partition}@{place.offset}" for place in places}


async def _until_quiet(committed: CommittedRecords, events: Events, end: float) -> None:
    quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < QUIET:
        if new := await committed.new():
            events.add(new)
            quiet_since = time.monotonic()
        if quiet_since > end:
            raise NotReady("the shop was never quiet: let no more payments in, or give it longer (--within)")
        await asyncio.sleep(PAUSE)


def _look(record: Record, events: Events, statuses: dict[str, str]) -> Facts:
    """What HTTP tells now. `statuses` keeps what was refunded once: it stays so."""
    inventories, payments = record.urls["inventories_service"], record.urls["payments_service"]
    levels = {entry["product"]: int(entry["level"]) for entry in _pages(inventories, "/stock", "products")}
    ledger = {product: _movements(inventories, product) for product in levels}
    for refusal in islice(reversed(events.refusals), ASKED):
        if statuses.get(refusal.payment_id) != "refunded":
            statuses[refusal.payment_id] = _status(payments, refusal.payment_id)
    return Facts(events, levels, ledger, statuses)


def _movements(url: str, product: str) -> list[Movement]:
    latest_first = _pages(url, f"/stock/{quote(product, safe='')}", "movements")
    return [Movement(product=product, **movement) for movement in latest_first][::-1]


def _pages(url: str, path: str, what: str) -> Iterator[dict[str, Any]]:
    """Everything in a list that comes in pages, each of which names the next one."""
    following: str | None = f"{path}?limit={PAGE}"
    while following:
        page = get(f"{url}{following}")
        yield from page[what]
        following = page.get("next")


def _status(url: str, payment_id: str) -> str:
    try:
        return str(get(f"{url}/payments/{quote(payment_id, safe='')}")["status"])
    except NotReady as error:
        return str(error)
