"""The stock stands what every stateful service must stand."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import httpx2 as httpx

from contracts import Event, StockMoved, StockRanLow, StockRefused, StockRequested
from tests.event_bus.campaign import Case, Outcomes
from tests.event_bus.stateful_acceptance import StatefulAcceptance

SHELF = {"plenty": 1_000_000, "scarce": 40, "few": 7}  # at the start; nobody knows the fourth product
PRODUCTS = [*SHELF, "nothing"]


async def requests(_: httpx.AsyncClient, __: str, count: int) -> Sequence[Event]:
    return [
        StockRequested(
            payment_id=f"payment-{number}", quantity=1 + number % 3, product=PRODUCTS[number % len(PRODUCTS)]
        )
        for number in range(count)
    ]


async def ledgers_tell_the_outcomes(http: httpx.AsyncClient, url: str, outcomes: Outcomes) -> None:
    """Each product has exactly the movements that were told, in their order, and what they leave."""
    told: dict[str, list[StockMoved]] = defaultdict(list)
    for request, outcome in outcomes:
        assert outcome.quantity == (
            -request.quantity if isinstance(outcome, StockMoved) else request.quantity
        )
        assert outcome.payment_id == request.payment_id
        if isinstance(outcome, StockMoved):
            told[outcome.product].append(outcome)
        else:
            assert outcome.level < request.quantity
    for product, pieces in SHELF.items():
        movements = await ledger(http, url, product)
        shown = [
            (line["number"], line["quantity"], line["level"], line["payment_id"]) for line in movements[1:]
        ]
        assert shown == [(one.number, one.quantity, one.level, one.payment_id) for one in told[product]]
        levels = [pieces]
        for line in movements[1:]:
            levels.append(levels[-1] + line["quantity"])
        assert [line["level"] for line in movements] == levels
        assert [line["number"] for line in movements] == list(range(1, len(movements) + 1))
        assert levels[-1] >= 0
    assert (await http.get(f"{url}/stock/nothing")).status_code == 404


async def ledger(http: httpx.AsyncClient, url: str, product: str) -> list[dict[str, Any]]:
    """All movements, the oldest first."""
    movements: list[dict[str, Any]] = []
    page: str | None = f"/stock/{product}?limit=200"
    while page:
        answer = (await http.get(url + page)).json()
        movements += answer["movements"]
        page = answer.get("next")
    return movements[::-1]


class TestStock(StatefulAcceptance):
    case = Case(
        "inventories_service",
        StockRequested,
        prepare=requests,
        refused=lambda request: request.model_copy(update={"quantity": 0}),
        one_of=[StockMoved, StockRefused],
        perhaps=[StockRanLow],
        holds=ledgers_tell_the_outcomes,
        settings={"INVENTORIES_CATALOGUE": ",".join(f"{name}={level}" for name, level in SHELF.items())},
    )
