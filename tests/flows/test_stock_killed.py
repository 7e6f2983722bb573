"""A hundred payments for forty pieces, while everything dies or is told twice: 40 are kept, 60 refunded."""

import asyncio
import signal
from collections import Counter, deque
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import uuid4

import httpx2 as httpx
import pytest
from aiokafka import AIOKafkaProducer

from contracts import INVENTORIES
from dev.kafka import Kafka
from dev.mongo import Mongo
from event_bus.crash_points import CONSUMER_POINTS, RELAY_POINTS, CrashPoint
from tests.event_bus.instance import Instance
from tests.event_bus.strike import Strike
from tests.flows.shops import OpenShop

PIECES, PAYMENTS = 40, 100
Steps = Sequence[tuple[CrashPoint, int]]  # where an instance dies, at which time of coming there


class Mortal:
    """A service whose instances die one after the other, each at the next of these steps; the last one lives."""

    def __init__(self, name: str, shop: OpenShop, steps: Steps) -> None:
        self._name, self._shop = name, shop
        self._steps = deque(steps)
        self.instances: list[Instance] = []
        self._begin()

    def _begin(self) -> None:
        step = self._steps.popleft() if self._steps else None
        log = self._shop.folder / f"{self._name}-{len(self.instances)}.log"
        strike = Strike(*step, signal.SIGKILL) if step else None
        self.instances.append(Instance(self._name, log, self._shop.environment, strike))

    @property
    def url(self) -> str:
        return self.instances[-1].url

    @property
    def has_died_everywhere(self) -> bool:
        return (
            not self._steps and [i.exit_code for i in self.instances[:-1]] == [-signal.SIGKILL] * self._deaths
        )

    @property
    def _deaths(self) -> int:
        return len(self.instances) - 1

    async def supervise(self) -> None:
        """Starts the next one as soon as one is over."""
        while True:
            if self.instances[-1].is_over():
                self._begin()
            await asyncio.sleep(0.02)

    async def get(self, http: httpx.AsyncClient, path: str) -> dict[str, object] | None:
        try:
            answer = await http.get(self.url + path)
        except httpx.TransportError:
            return None
        return answer.json() if answer.is_success else None

    async def post(self, http: httpx.AsyncClient, path: str, body: dict[str, object]) -> dict[str, str]:
        """With one key until it is answered, as a client should."""
        key = {"Idempotency-Key": uuid4().hex}
        while True:
            try:
                answer = await http.post(self.url + path, json=body, headers=key)
                if answer.is_success:
                    return dict(answer.json())
                assert answer.status_code == 503, answer.text
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)


@pytest.fixture
def shop(tmp_path: Path, kafka: Kafka, mongo: Mongo) -> OpenShop:
    shop = OpenShop(tmp_path, kafka, mongo)
    shop.make_topics()
    return shop


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=10) as client:
        yield client


async def pay_and_audit(http: httpx.AsyncClient, payments: Mortal, stock: Mortal) -> None:
    """One product, a hundred parallel payments; waits until all is settled and says whether it is right."""
    product = f"cup-{uuid4().hex[:6]}"
    await stock.post(http, f"/stock/{product}/movements", {"quantity": PIECES, "reason": "new"})
    paid = await asyncio.gather(*(payments.post(http, "/pay", {"product": product}) for _ in range(PAYMENTS)))
    ids = [answer["payment_id"] for answer in paid]
    assert len(set(ids)) == PAYMENTS
    async with asyncio.timeout(90):
        while not is_settled(found := await states(http, payments, ids)):
            await asyncio.sleep(0.2)
    assert found == {"accepted": PIECES, "refunded": PAYMENTS - PIECES}
    shown = None
    while shown is None:
        shown = await stock.get(http, f"/stock/{product}?limit=200")
    movements = shown["movements"]
    assert isinstance(movements, list)
    assert [movement["level"] for movement in movements] == list(range(PIECES + 1))
    sold = {movement["payment_id"] for movement in movements if movement["reason"] == "sold"}
    assert len(sold) == PIECES
    assert sold < set(ids)


def is_settled(found: Counter[str]) -> bool:
    """A look at a payment may meet a process that dies: then it is not among what was found."""
    return found["refunded"] >= PAYMENTS - PIECES and found.total() == PAYMENTS


async def states(http: httpx.AsyncClient, payments: Mortal, ids: Sequence[str]) -> Counter[str]:
    found = [await payments.get(http, f"/payments/{payment}") for payment in ids]
    return Counter(str(payment["status"]) for payment in found if payment)


async def test_nothing_is_lost_or_sold_twice_wherever_payments_and_stock_die(
    shop: OpenShop, http: httpx.AsyncClient
) -> None:
    """Each step of the consumer and of the relay, of both services, in two different orders."""
    steps = [(point, 2) for point in CONSUMER_POINTS if point is not CrashPoint.BURIED]
    steps += [(point, 3) for point in RELAY_POINTS]
    payments, stock = (
        Mortal("payments_service", shop, steps),
        Mortal("inventories_service", shop, steps[::-1]),
    )
    supervisors = [asyncio.create_task(mortal.supervise()) for mortal in (payments, stock)]
    try:
        while not (payments.has_died_everywhere and stock.has_died_everywhere):
            await pay_and_audit(http, payments, stock)
        await pay_and_audit(http, payments, stock)
    finally:
        for supervisor in supervisors:
            supervisor.cancel()
        codes = [mortal.instances[-1].stop() for mortal in (payments, stock)]
    assert codes == [0, 0]


async def test_what_is_delivered_twice_is_sold_once(shop: OpenShop, http: httpx.AsyncClient) -> None:
    """Every request for stock once more, at a new offset, while the first ones are still worked on."""
    payments, stock = Mortal("payments_service", shop, []), Mortal("inventories_service", shop, [])
    enough = asyncio.Event()
    copying = asyncio.create_task(copy_everything(shop, enough))
    try:
        await pay_and_audit(http, payments, stock)
        copied = first_and_again(await shop.records(INVENTORIES.name))
        assert copied["again"] > 0
        await pay_and_audit(http, payments, stock)
    finally:
        enough.set()
        await copying
        codes = [mortal.instances[-1].stop() for mortal in (payments, stock)]
    assert codes == [0, 0]


async def copy_everything(shop: OpenShop, enough: asyncio.Event) -> None:
    """Writes each record of `inventories` again, once, as they come."""
    producer = AIOKafkaProducer(bootstrap_servers=shop.kafka.bootstrap_servers)
    await producer.start()
    seen: set[bytes] = set()
    try:
        while not enough.is_set():
            for record in await shop.records(INVENTORIES.name):
                name = dict(record.headers)["ce_id"]
                if name not in seen:
                    seen.add(name)
                    await producer.send_and_wait(
                        record.topic, record.value, record.key, headers=list(record.headers)
                    )
    finally:
        await producer.stop()


def first_and_again(records: Sequence[object]) -> Counter[str]:
    """How many records came first, and how many again."""
    seen: set[bytes] = set()
    counted: Counter[str] = Counter()
    for record in records:
        name = dict(record.headers)["ce_id"]  # type: ignore[attr-defined]
        counted["again" if name in seen else "first"] += 1
        seen.add(name)
    return counted
