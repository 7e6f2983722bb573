"""A crowd of clients as they should be: what was not answered is sent again, the same body with the same key.

What they were promised (2xx) is kept, to be held against what the shop shows.
"""

import asyncio
import itertools
import random
import uuid
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2 as httpx
from aiokafka.structs import ConsumerRecord

from tests.flows.shops import OpenShop
from tests.flows.topics import lines_of, types_of, until_records

CLIENTS, PAUSE = 6, 0.1  # some tens of requests a second
RETRY = {429, 500, 502, 503, 504}
PATIENCE = 60.0  # seconds after which a client gives up, and the test fails


@dataclass
class Crowd:
    """`promised`: the event id of each accepted registration and payment. `logins`: attempts of each user."""

    shop: OpenShop
    promised: dict[str, str] = field(default_factory=dict)
    logins: dict[str, int] = field(default_factory=dict)
    retries: int = 0
    _closed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def accepted(self) -> int:
        return len(self.promised)

    async def after(self, requests: int, seconds: float = 30) -> None:
        """Waits until so many more requests were accepted."""
        goal = self.accepted + requests
        async with asyncio.timeout(seconds):
            while self.accepted < goal:
                await asyncio.sleep(0.02)

    async def client(self, number: int) -> None:
        async with httpx.AsyncClient(timeout=10) as http:
            for turn in itertools.count():
                if self._closed.is_set():
                    return
                await (self._register_and_log_in(http, number, turn) if turn % 2 else self._pay(http))
                await asyncio.sleep(random.uniform(0.5, 1.5) * PAUSE)

    async def _pay(self, http: httpx.AsyncClient) -> None:
        answer = await self._insist(http, "payments_service", "/pay", {"reference": "crowd"})
        self.promised[answer["payment_id"]] = answer["event_ids"][0]

    async def _register_and_log_in(self, http: httpx.AsyncClient, number: int, turn: int) -> None:
        name = f"u{number}-{turn}-{uuid.uuid4().hex[:6]}"
        fields = {"username": name, "password": "secret"}
        answer = await self._insist(http, "users_service", "/register", fields)
        self.promised[name] = answer["event_id"]
        self.logins[name] = 0
        await self._insist(http, "users_service", "/login", fields)

    async def _insist(
        self, http: httpx.AsyncClient, service: str, path: str, fields: dict[str, str]
    ) -> dict[str, Any]:
        key, delay = {"Idempotency-Key": uuid.uuid4().hex}, 0.2
        async with asyncio.timeout(PATIENCE):
            while True:
                if path == "/login":
                    self.logins[fields["username"]] += 1
                try:
                    answer = await http.post(f"{self.shop.url(service)}{path}", data=fields, headers=key)
                    if answer.status_code not in RETRY:
                        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
                        return dict(answer.json())
                except httpx.TransportError:
                    pass
                self.retries += 1
                await asyncio.sleep(delay * random.uniform(0.5, 1.0))
                delay = min(2 * delay, 1.0)

    def close(self) -> None:
        """No new requests; those under way are finished."""
        self._closed.set()


@asynccontextmanager
async def crowd(shop: OpenShop) -> AsyncIterator[Crowd]:
    """At work inside the block; at its end everybody is served or has given up, which is an error."""
    people = Crowd(shop)
    async with asyncio.TaskGroup() as tasks:
        for number in range(CLIENTS):
            tasks.create_task(people.client(number))
        try:
            yield people
        finally:
            people.close()


async def exactly_what_was_promised(
    shop: OpenShop, people: Crowd, seconds: float = 40, before: Collection[int] = ()
) -> None:
    """Every accepted request has its line on `logs`, nothing else has one, none is there twice, and each
    registration comes before its logins. `before`: offsets of lines that were there before this crowd."""
    promised = set(people.promised.values())

    def complete(records: list[ConsumerRecord]) -> bool:
        lines = lines_of(records)
        logged_in = {line["user"] for line in lines if line["event"] == "users.logged_in"}
        return promised <= {line["event_id"] for line in lines} and logged_in >= set(people.logins)

    records = await until_records(lambda: shop.records("logs"), complete, seconds)
    lines = lines_of([record for record in records if record.offset not in before])
    ids = [line["event_id"] for line in lines]
    assert len(ids) == len(set(ids)), "a line is there twice"
    assert {line["event_id"] for line in lines if line["event"] != "users.logged_in"} == promised
    for name, attempts in people.logins.items():
        mine = [line["event"] for line in lines if line.get("user") == name]
        # A login takes no key: an attempt whose answer was lost may count, and is then a line of its own.
        assert 2 <= len(mine) <= 1 + attempts
        assert mine == ["users.registered"] + ["users.logged_in"] * (len(mine) - 1)


async def goods_match_payments(shop: OpenShop) -> None:
    """Never a payment without its request for goods, nor the other way round; each once."""
    told = await shop.records("notifications")
    paid = [record.key for record in told if types_of([record]) == ["payments.accepted.v1"]]
    asked = [record.key for record in await shop.records("inventories")]
    assert len(paid) == len(set(paid))
    assert sorted(paid) == sorted(asked)


async def every_payment_moved_its_goods(shop: OpenShop, seconds: float = 40) -> None:
    """Each request for goods was answered once, and the levels of each product lead on from one to the next."""
    asked = sorted(record.key.decode() for record in await shop.records("inventories"))

    def complete(records: list[ConsumerRecord]) -> bool:
        return set(asked) <= set(_answered(records))

    records = await until_records(lambda: shop.records("stock"), complete, seconds)
    assert sorted(_answered(records)) == asked, "goods moved twice, or for nobody"
    moved = [record for record in records if types_of([record]) == ["stock.moved.v1"]]
    for product in {record.key for record in moved}:
        events = lines_of([record for record in moved if record.key == product])
        assert [event["number"] for event in events] == list(range(1, len(events) + 1))
        assert [event["level"] for event in events] == list(
            itertools.accumulate(event["quantity"] for event in events)
        )


def _answered(records: list[ConsumerRecord]) -> list[str]:
    return [event["payment_id"] for event in lines_of(records) if "payment_id" in event]
