"""The composition of payments_service: its routes, and what is opened for them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from starlette.applications import Starlette

from contracts import PaymentAccepted, PaymentDeclined, PaymentRefunded, StockRefused, StockRequested
from event_bus import (
    Apply,
    Database,
    DatabaseLease,
    DatabaseUnavailable,
    DeadLetters,
    IdentityFollower,
    IdentityTable,
    OutboxFull,
    Relay,
    StatefulConsumer,
    Vitals,
)
from http_edge import IDEMPOTENCY_KEY, KeyRing, Operation, Revocations, Stop, TokenChecker, edge
from payments_service import handlers, routes
from payments_service.model import Paid, PaymentView, PayRequest
from payments_service.repository import Payments
from payments_service.settings import Settings

CONSUMES = [
    Apply(StockRefused, to=handlers.payment_of, by=handlers.refund, publishes=[PaymentRefunded]),
]


def build(settings: Settings) -> Starlette:
    return edge(
        routes.SERVICE,
        "Takes payments and tells what became of them.",
        settings,
        operations=[
            Operation(
                "POST",
                "/pay",
                routes.pay,
                "Pay",
                accepts=PayRequest,
                answers={201: Paid},
                problems=[401, 402, 503],
                parameters=[IDEMPOTENCY_KEY],
                bearer=True,
                publishes=[PaymentAccepted, PaymentDeclined, StockRequested],
            ),
            Operation(
                "GET",
                "/payments/{payment_id}",
                routes.payment,
                "What became of a payment",
                answers={200: PaymentView},
                problems=[404, 503],
            ),
        ],
        resources=partial(resources, settings),
        unavailable=(DatabaseUnavailable, OutboxFull),
    )


@asynccontextmanager
async def resources(settings: Settings, stop: Stop) -> AsyncIterator[Mapping[str, Any]]:
    keys, revocations = KeyRing(), Revocations()
    async with Database(settings.database_uri, settings.database) as database:
        payments, letters = Payments(database, settings.outbox_max_pending), DeadLetters(database)
        outboxes, lease = [payments.states, letters.outbox], DatabaseLease(database, settings.port)
        async with (
            Relay(settings.broker, routes.SERVICE, outboxes, lease, stop) as relay,
            StatefulConsumer(
                settings.broker,
                routes.SERVICE,
                CONSUMES,
                payments.states,
                letters,
                stop,
                alone=settings.alone,
            ) as consumer,
            IdentityFollower(
                settings.broker,
                keys.apply,
                stop,
                revocations=revocations,
                table=IdentityTable(database),
            ) as identity,
        ):
            readiness = {
                "database": database.not_ready,
                "relay": relay.not_ready,
                "consumer": consumer.not_ready,
                "identity": identity.not_ready,
            }
            tokens = TokenChecker(
                keys,
                identity.caught_up,
                issuer=settings.token_issuer,
                audience=settings.token_audience,
                revocations=revocations,
            )
            name, port = routes.SERVICE, settings.port
            vitals = Vitals(settings.broker, name, port, readiness, outboxes=outboxes, consumer=consumer)
            async with vitals:
                yield {
                    "payments": payments,
                    "tokens": tokens,
                    "readiness": readiness,
                    "measure": vitals.measure,
                }
