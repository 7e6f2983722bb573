"""Lines stand what the outcomes of every worker must stand."""

from collections.abc import Sequence

import httpx2 as httpx

from contracts import Event, LogLine, Notification, PaymentAccepted
from tests.event_bus.campaign import Case
from tests.event_bus.golden import golden
from tests.event_bus.worker_acceptance import WorkerAcceptance


async def payments(_: httpx.AsyncClient, __: str, count: int) -> Sequence[Event]:
    paid = golden(PaymentAccepted).data
    return [paid.model_copy(update={"payment_id": f"payment-{number % 24}"}) for number in range(count)]


class TestLines(WorkerAcceptance):
    case = Case("notifications_service", Notification, prepare=payments, one_of=[LogLine])
