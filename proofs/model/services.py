"""The services of the shop as they are composed in their `app.py`, each in a process of the model.

Rules, relay, worker, stateful consumer, repositories and feed are the real ones. Only what is around them is played:
the client libraries, and the HTTP that carries a request.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

from contracts import LOGS, Envelope, Event
from event_bus import (
    Apply,
    Broker,
    DatabaseLease,
    DatabaseUnavailable,
    DeadLetters,
    OutboxCollection,
    OutboxFull,
    Reader,
    Relay,
    StatefulConsumer,
    Worker,
    run_in_background,
)
from event_bus.records import Partition
from event_bus.stateful import States
from event_bus.wire import encode
from inventories_service import app as inventories
from inventories_service.repository import Products
from logs_service.feed import Feed
from logs_service.lines import Line
from logs_service.seen import Seen
from notifications_service import app as notifications
from payments_service import app as payments
from payments_service import routes
from payments_service.model import PayRequest
from payments_service.repository import Payment, Payments
from proofs.model.people import Payers, Watcher
from proofs.model.process import Process, acting

BROKER = Broker("the-model:1")
PIECES = {"cup": 1}  # the first payment gets it, the second one is refused
MOST_PENDING = 1_000
WINDOW = 1_000  # ids that the hub remembers: more than a story has
STOCK = SimpleNamespace(default_product="cup", low_level=1)


class PublishedAfterwards(Payments):
    """How payments would be without an outbox: stored first, told afterwards."""

    def __init__(self, process: Process, database: Any, log: Any) -> None:
        super().__init__(database, MOST_PENDING)
        self._process, self._log = process, log

    async def add(self, payment: Payment, events: list[Envelope[Event]]) -> Payment:
        stored = await super().add(payment, [])
        for event in events if stored is payment else []:
            told = encode(event)
            write = partial(self._log.append, Partition(told.topic, 0), told.key, told.value, told.headers)
            await self._process.ask(f"publishes to {told.topic}", write, DatabaseUnavailable)
        return stored


async def pay(process: Process, payments: Payments, payers: Payers, key: str | None, pieces: int) -> None:
    """One request as the edge handles it, and what its sender makes of the answer."""
    settings = SimpleNamespace(decline_rate=0.0, max_amount=10_000, allow_guests=True)
    request: Any = SimpleNamespace(
        app=SimpleNamespace(state=SimpleNamespace(settings=settings)),
        state=SimpleNamespace(payments=payments, tokens=SimpleNamespace(claims=_no_claims)),
        headers=SimpleNamespace(getlist=lambda _: [key] if key else []),
    )
    body = PayRequest.model_validate({"product": "cup", "quantity": str(pieces)})
    try:
        paid = await routes.pay(request, body)
    except (DatabaseUnavailable, OutboxFull):
        return  # 503: the sender does not know
    payers.accepted(paid.payment_id, paid.event_ids)


async def _no_claims(request: object) -> None:
    return None


async def payments_service(process: Process, world: Any) -> None:
    database = world.database(process)
    if world.without == "outbox":
        process.payments = PublishedAfterwards(process, database, world.log)
    else:
        process.payments = Payments(database, MOST_PENDING)
    states, letters = process.payments.states, DeadLetters(database)
    await _relay(process, database, "payments_service", [states, letters.outbox])
    await _consumer(process, "payments_service", payments.CONSUMES, states, letters)


async def inventories_service(process: Process, world: Any) -> None:
    database = world.database(process)
    products = Products(database, MOST_PENDING, "inventories_service", PIECES)
    letters, table = DeadLetters(database), inventories.consumes(cast(Any, STOCK))
    await _relay(process, database, "inventories_service", [products.states, letters.outbox])
    await _consumer(process, "inventories_service", table, products, letters)


async def notifications_service(process: Process, world: Any) -> None:
    with acting("worker"):
        service = "notifications_service"
        await Worker(BROKER, service, notifications.CONSUMES, process.stop, alone=True).__aenter__()


async def logs_service(process: Process, world: Any) -> None:
    """After a start it reads the last lines again, which builds its memory of ids."""
    seen = Seen(0 if world.without == "dedupe" else WINDOW)
    feed = Feed(cast(Any, Watched(world.watcher)), seen, WINDOW)
    reader = Reader(BROKER, [LOGS.name], feed.start)
    with acting("feed"):
        run_in_background(feed.run(reader), "feed", process.stop)


async def _relay(process: Process, database: Any, service: str, outboxes: Sequence[OutboxCollection]) -> None:
    with acting("relay"):
        lease = DatabaseLease(database, process.port)
        await Relay(BROKER, service, outboxes, lease, process.stop).__aenter__()


async def _consumer(
    process: Process, service: str, table: Sequence[Apply], states: States, letters: DeadLetters
) -> None:
    with acting("consumer"):
        consumer = StatefulConsumer(BROKER, service, table, states, letters, process.stop, alone=True)
        await consumer.__aenter__()


class Watched:
    """The hub, of which one client is connected: a ring that holds everything."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher, self.ring = watcher, self

    def start_at(self, position: object) -> None:
        pass

    def publish(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self._watcher.hear(line.offset, line.text)


SERVICES: Mapping[str, Callable[[Process, Any], Awaitable[None]]] = {
    compose.__name__: compose
    for compose in (payments_service, inventories_service, notifications_service, logs_service)
}
