"""What payments make of events."""

from contracts import Envelope, PaymentRefunded, StockRefused
from event_bus import Change, Refusal, State
from payments_service import model


def payment_of(refused: StockRefused) -> str:
    return refused.payment_id


def refund(event: Envelope[StockRefused], payment: State | None) -> Change:
    """Accepted becomes refunded, once; whatever else became of it stays."""
    if payment is None:
        raise Refusal("there is no such payment")
    if payment["states"][-1] != "accepted":
        return Change()
    told = {name: payment[name] for name in ("amount", "currency", "method")}
    told |= {name: payment[name] for name in ("order_id", "reference") if name in payment}
    refunded = PaymentRefunded(
        message=model.refund_sentence(payment["payer"], event.data.reason, **told),
        user=payment["payer"],
        payment_id=event.data.payment_id,
        reason=event.data.reason,
        **told,
    )
    return Change({**payment, "states": [*payment["states"], "refunded"]}, [refunded])
