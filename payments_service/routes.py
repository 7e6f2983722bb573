"""The HTTP endpoints of payments."""

from datetime import UTC, datetime

from starlette.requests import Request

from contracts import GUEST, Envelope, Event, PaymentAccepted, PaymentDeclined, StockRequested
from http_edge import (
    NotFound,
    Problem,
    Unauthorized,
    Unprocessable,
    correlation_id,
    idempotency_key,
    trace_context,
)
from payments_service import model
from payments_service.model import Paid, PaymentView, PayRequest
from payments_service.repository import KeyReused, Payment, Payments
from payments_service.settings import Settings

SERVICE = "payments_service"


async def pay(request: Request, body: PayRequest) -> Paid:
    """Takes the payment. 2xx only when it is stored together with the events that it causes."""
    settings: Settings = request.app.state.settings
    payments: Payments = request.state.payments
    payer, key = await _payer(request), idempotency_key(request)
    _check_limits(body, settings)
    identity = model.payment_id(payer, key, body)
    payment_id, declined = str(identity), model.declined(identity, settings.decline_rate)
    binding = None if key is None else f"{payer}\n{key}"
    if declined and binding and await payments.bound_to_another(binding, payment_id):
        raise _reused()
    events = _events(payer, payment_id, body, declined)
    payment = _document(payer, payment_id, body, events, declined)
    if binding and not declined:
        payment["binding"] = binding
    try:
        return _answer(await payments.add(payment, events))
    except KeyReused:
        raise _reused() from None


async def payment(request: Request) -> PaymentView:
    payments: Payments = request.state.payments
    found = await payments.get(request.path_params["payment_id"])
    if found is None:
        raise NotFound("There is no such payment.")
    return PaymentView(payment_id=found["_id"], status=found["states"][-1], **_shown(found))


async def _payer(request: Request) -> str:
    claims = await request.state.tokens.claims(request)
    if claims is not None:
        return str(claims.subject)
    if not request.app.state.settings.allow_guests:
        raise Unauthorized("Guests can't pay here: log in.")
    return GUEST


def _check_limits(body: PayRequest, settings: Settings) -> None:
    if model.Money.parse(body.amount, body.currency).minor > settings.max_amount * 100:
        message = f"must be {settings.max_amount} at most"
        raise Unprocessable("Some fields are not as they must be.", [{"field": "amount", "message": message}])


def _reused() -> Unprocessable:
    return Unprocessable("This Idempotency-Key was used for another request.")


def _events(payer: str, payment_id: str, body: PayRequest, declined: bool) -> list[Envelope[Event]]:
    """What a payment causes: the notification first, and the goods if it was accepted."""
    kind = PaymentDeclined if declined else PaymentAccepted
    notification = kind(
        message=model.sentence(
            payer, "was declined" if declined else "paid", body.amount, body.currency, body.reference
        ),
        user=payer,
        payment_id=payment_id,
        amount=body.amount,
        currency=body.currency,
        method=body.method,
        order_id=body.order_id,
        reference=body.reference,
    )
    facts: list[Event] = [notification]
    if not declined:
        facts.append(
            StockRequested(
                payment_id=payment_id,
                quantity=int(body.quantity),
                product=body.product,
                order_id=body.order_id,
            )
        )
    return [Envelope.born(fact, SERVICE, correlation_id(), trace_context()) for fact in facts]


def _document(
    payer: str, payment_id: str, body: PayRequest, events: list[Envelope[Event]], declined: bool
) -> Payment:
    return {
        "_id": payment_id,
        "states": ["declined" if declined else "accepted"],
        "payer": payer,
        **body.model_dump(exclude_none=True),
        "event_ids": [str(event.id) for event in events],
        "created_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }


def _answer(payment: Payment) -> Paid:
    """The same for the first request and for its repetitions, whatever became of the payment since."""
    if payment["states"][0] == "declined":
        raise Problem(402, "The payment was declined.", payment_id=payment["_id"])
    shown = {name: payment[name] for name in ("amount", "currency", "event_ids")}
    return Paid(payment_id=payment["_id"], **shown)


def _shown(payment: Payment) -> Payment:
    return {name: value for name, value in payment.items() if name in PaymentView.model_fields}
