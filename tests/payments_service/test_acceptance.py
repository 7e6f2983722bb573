"""Payments stand what every stateful service must stand, and every edge."""

import asyncio
from collections.abc import Sequence

import httpx2 as httpx

from contracts import Event, PaymentAccepted, PaymentRefunded, StockRefused, StockRequested
from tests.event_bus.campaign import Case, Outcomes
from tests.event_bus.edge_acceptance import EdgeAcceptance, EdgeCase
from tests.event_bus.stateful_acceptance import StatefulAcceptance

AT_ONCE = 16  # requests


async def refusals(http: httpx.AsyncClient, url: str, count: int) -> Sequence[Event]:
    """Of the goods of payments that were accepted."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def paid(number: int) -> Event:
        async with turn:
            payment = (await http.post(f"{url}/pay", data={"product": f"poster-{number % 24}"})).json()
        return StockRefused(
            product=f"poster-{number % 24}",
            level=0,
            quantity=1,
            reason="out of stock",
            payment_id=payment["payment_id"],
        )

    return await asyncio.gather(*(paid(number) for number in range(count)))


async def payments_tell_the_outcomes(http: httpx.AsyncClient, url: str, outcomes: Outcomes) -> None:
    turn = asyncio.Semaphore(AT_ONCE)

    async def states(payment_id: str) -> list[str]:
        async with turn:
            return list((await http.get(f"{url}/payments/{payment_id}")).json()["states"])

    for refused, refunded in outcomes:
        assert (refunded.payment_id, refunded.reason) == (refused.payment_id, refused.reason)
    shown = await asyncio.gather(*(states(refused.payment_id) for refused, _ in outcomes))
    assert shown == [["accepted", "refunded"]] * len(outcomes)


class TestRefunds(StatefulAcceptance):
    case = Case(
        "payments_service",
        StockRefused,
        prepare=refusals,
        refused=lambda refused: refused.model_copy(update={"payment_id": "nobody"}),
        one_of=[PaymentRefunded],
        holds=payments_tell_the_outcomes,
    )


class TestPaying(EdgeAcceptance):
    case = EdgeCase(
        "payments_service",
        "/pay",
        lambda number: {"amount": f"{1 + number % 90}.00"},
        [PaymentAccepted, StockRequested],
        "event_ids",
    )
