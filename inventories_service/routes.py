"""The HTTP endpoints of the stock."""

import re
from collections.abc import Sequence
from urllib.parse import quote

from starlette.requests import Request

from contracts import Envelope, Event
from event_bus import State
from http_edge import (
    Conflict,
    NotFound,
    Parameter,
    Problem,
    Unprocessable,
    correlation_id,
    idempotency_key,
    trace_context,
)
from inventories_service.handlers import moved
from inventories_service.model import (
    Booked,
    Movement,
    MovementRequest,
    Product,
    ProductView,
    Stock,
    StockLevel,
)
from inventories_service.repository import KeyReused, Products

SERVICE = "inventories_service"
USUAL, MOST = 50, 200  # products or movements in one answer
LIMIT = Parameter("limit", f"How many in one answer: 1 to {MOST}, {USUAL} if left out.", "query")
AFTER = Parameter("after", "Products behind this name.", "query")
BEFORE = Parameter("before", "Movements with a number below this one.", "query")
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)


async def stock(request: Request) -> Stock:
    limit, after = _number(request, "limit", USUAL, MOST), request.query_params.get("after", "")
    found = await _products(request).levels(after, limit + 1)
    products = [StockLevel(product=name, level=level) for name, level in found[:limit]]
    more = len(found) > limit
    further = f"/stock?after={_quoted(products[-1].product)}&limit={limit}" if more else None
    return Stock(products=products, next=further)


async def product(request: Request) -> ProductView:
    name, limit = request.path_params["product"], _number(request, "limit", USUAL, MOST)
    before = _number(request, "before", 0, 10**9 - 1)
    found = await _products(request).get(name, before or None, limit)
    if found is None:
        raise NotFound("There is no such product.")
    known, movements = found
    older = bool(movements) and movements[-1]["number"] > 1
    return ProductView(
        product=name,
        level=known.level,
        movements=[Movement(**movement) for movement in movements],
        next=f"/stock/{_quoted(name)}?before={movements[-1]['number']}&limit={limit}" if older else None,
    )


async def book(request: Request, body: MovementRequest) -> Booked:
    """Pieces come or go. 2xx only when the movement is stored together with the events that it causes."""
    name, settings = request.path_params["product"], request.app.state.settings
    if not settings.allow_movements:
        raise Problem(403, "Movements can't be booked here by hand.")
    if not (name.isprintable() and 1 <= len(name) <= 64):
        raise NotFound("The name of a product has 1 to 64 printable characters.")

    def tell(before: Product, after: State) -> Sequence[Envelope[Event]]:
        events = moved(name, before, after, settings.low_level)
        return [Envelope.born(event, SERVICE, correlation_id(), trace_context()) for event in events]

    try:
        movement = await _products(request).book(name, body, idempotency_key(request), tell)
    except KeyReused:
        raise Unprocessable("This Idempotency-Key was used for another movement.") from None
    except ValueError as error:
        raise Conflict(f"The stock is too low: {error}.") from None
    return Booked(product=name, level=movement["level"], movement=Movement(**movement))


def _products(request: Request) -> Products:
    products: Products = request.state.products
    return products


def _number(request: Request, name: str, usual: int, most: int) -> int:
    given = request.query_params.get(name)
    if given is None:
        return usual
    if not _NUMBER.fullmatch(given) or not 1 <= int(given) <= most:
        message = f"must be a whole number from 1 to {most}"
        raise Unprocessable("Some parameters are not as they must be.", [{"field": name, "message": message}])
    return int(given)


def _quoted(name: str) -> str:
    return quote(name, safe="")
