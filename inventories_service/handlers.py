"""What the stock makes of events."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts import Envelope, Event, StockMoved, StockRanLow, StockRefused, StockRequested
from event_bus import Change, Refusal, State
from inventories_service.model import OUT_OF_STOCK, SOLD, UNKNOWN, Product


@dataclass(frozen=True, slots=True)
class Shelves:
    """The rules, with what can be set about them."""

    default_product: str
    low_level: int

    def product_of(self, request: StockRequested) -> str:
        return request.product or self.default_product

    def sell(self, event: Envelope[StockRequested], state: State | None) -> Change:
        """All pieces that were paid for, or none and a refusal that says so."""
        product, before, request = self.product_of(event.data), Product.of(state), event.data
        if request.quantity <= 0:
            raise Refusal(f"nobody can buy {request.quantity} pieces")
        if before.level < request.quantity:
            reason = OUT_OF_STOCK if before.known else UNKNOWN
            return Change(events=[_refused(product, before, request, reason)])
        time = event.time.isoformat(timespec="milliseconds")
        after = before.move(-request.quantity, time, SOLD, payment_id=request.payment_id)
        return Change(after, moved(product, before, after, self.low_level))


def _refused(product: str, before: Product, request: StockRequested, reason: str) -> StockRefused:
    return StockRefused(
        product=product,
        level=before.level,
        quantity=request.quantity,
        reason=reason,
        payment_id=request.payment_id,
    )


def moved(product: str, before: Product, after: State, low_level: int) -> Sequence[Event]:
    """What a movement causes: that it happened, and a notification when the level falls below the threshold."""
    movement = after["movements"][-1]
    said = {name: value for name, value in movement.items() if name in StockMoved.model_fields}
    events: list[Event] = [StockMoved(product=product, **said)]
    if after["level"] < low_level <= before.level:
        sentence = f"{product} runs low: {after['level']} left"
        events.append(
            StockRanLow(message=sentence, product=product, pieces=after["level"], threshold=low_level)
        )
    return events
