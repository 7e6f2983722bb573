"""The composition of inventories_service: the events that it consumes, its routes, and what is opened for them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from starlette.applications import Starlette

from contracts import StockMoved, StockRanLow, StockRefused, StockRequested
from event_bus import (
    Apply,
    Database,
    DatabaseLease,
    DatabaseUnavailable,
    DeadLetters,
    OutboxFull,
    Relay,
    StatefulConsumer,
    Vitals,
)
from http_edge import IDEMPOTENCY_KEY, Operation, Stop, edge
from inventories_service import routes
from inventories_service.handlers import Shelves
from inventories_service.model import Booked, MovementRequest, ProductView, Stock
from inventories_service.repository import Products
from inventories_service.settings import Settings


def consumes(settings: Settings) -> list[Apply]:
    shelves = Shelves(settings.default_product, settings.low_level)
    return [
        Apply(
            StockRequested,
            to=shelves.product_of,
            by=shelves.sell,
            publishes=[StockMoved, StockRefused, StockRanLow],
        )
    ]


def build(settings: Settings) -> Starlette:
    return edge(
        routes.SERVICE,
        "Keeps the stock: how many pieces of each product are there, and every movement of them.",
        settings,
        operations=[
            Operation(
                "GET",
                "/stock",
                routes.stock,
                "Products and levels",
                answers={200: Stock},
                problems=[422, 503],
                parameters=[routes.LIMIT, routes.AFTER],
            ),
            Operation(
                "GET",
                "/stock/{product}",
                routes.product,
                "A product and its movements",
                answers={200: ProductView},
                problems=[404, 422, 503],
                parameters=[routes.LIMIT, routes.BEFORE],
            ),
            Operation(
                "POST",
                "/stock/{product}/movements",
                routes.book,
                "Book pieces that come or go",
                accepts=MovementRequest,
                answers={201: Booked},
                problems=[403, 404, 409, 503],
                parameters=[IDEMPOTENCY_KEY],
                publishes=[StockMoved, StockRanLow],
            ),
        ],
        resources=partial(resources, settings),
        unavailable=(DatabaseUnavailable, OutboxFull),
    )


@asynccontextmanager
async def resources(settings: Settings, stop: Stop) -> AsyncIterator[Mapping[str, Any]]:
    async with Database(settings.database_uri, settings.database) as database:
        products = Products(database, settings.outbox_max_pending, routes.SERVICE, settings.seeds())
        letters, lease = DeadLetters(database), DatabaseLease(database, settings.port)
        outboxes, table = [products.states, letters.outbox], consumes(settings)
        async with (
            Relay(settings.broker, routes.SERVICE, outboxes, lease, stop) as relay,
            StatefulConsumer(
                settings.broker, routes.SERVICE, table, products, letters, stop, alone=settings.alone
            ) as consumer,
        ):
            readiness = {
                "database": database.not_ready,
                "relay": relay.not_ready,
                "consumer": consumer.not_ready,
            }
            name, port = routes.SERVICE, settings.port
            vitals = Vitals(settings.broker, name, port, readiness, outboxes=outboxes, consumer=consumer)
            async with vitals:
                yield {"products": products, "readiness": readiness, "measure": vitals.measure}
