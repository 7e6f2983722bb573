"""People who pay all the while, and insist: whatever fails is repeated with the same key until it is accepted."""

import asyncio
import contextlib
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2 as httpx

from tests.containers.stack import Stack
from tests.flows.topics import committed_records, lines_of

PAYERS = 4
PAUSE = 0.05  # seconds: a small load; two cores do everything here
INSISTS = 90.0  # seconds


class People:
    def __init__(self, shop: Stack) -> None:
        self._shop, self._url = shop, f"{shop.url('PAYMENTS_PORT')}/pay"
        self.accepted: list[str] = []  # the event of each payment that got its 201
        self.leaving = False

    async def pay(self, http: httpx.AsyncClient) -> str:
        """The event of one payment, accepted once, however often it has to be asked for."""
        key = {"Idempotency-Key": uuid.uuid4().hex}
        async with asyncio.timeout(INSISTS):
            while True:
                with contextlib.suppress(httpx.TransportError):
                    answer = await http.post(self._url, headers=key)
                    if answer.status_code == 201:
                        self.accepted.append(answer.json()["event_ids"][0])
                        return self.accepted[-1]
                    assert answer.status_code == 503, answer.text
                await asyncio.sleep(0.2)

    async def keep_paying(self, http: httpx.AsyncClient) -> None:
        while not self.leaving:
            await self.pay(http)
            await asyncio.sleep(PAUSE)

    async def after(self, more: int) -> None:
        """Until so many more payments were accepted."""
        goal = len(self.accepted) + more
        async with asyncio.timeout(INSISTS):
            while len(self.accepted) < goal:
                await asyncio.sleep(0.05)

    async def each_has_one_line(self) -> None:
        """On the topic `logs`, and no payment twice. Kafka is there."""
        async with asyncio.timeout(INSISTS):
            while not set(self.accepted) <= set(counted := await self._lines()):
                await asyncio.sleep(0.3)
        assert [event for event, times in counted.items() if times > 1] == []

    async def _lines(self) -> Counter[str]:
        records = await committed_records(self._shop.bootstrap_servers, "logs")
        return Counter(line["event_id"] for line in lines_of(records))


@asynccontextmanager
async def people(shop: Stack) -> AsyncIterator[People]:
    """They come at once and leave at the end."""
    crowd = People(shop)
    async with httpx.AsyncClient(timeout=10) as http, asyncio.TaskGroup() as group:
        for _ in range(PAYERS):
            group.create_task(crowd.keep_paying(http))
        try:
            yield crowd
        finally:
            crowd.leaving = True
