"""Requests for pieces, as a consumer has them before it: an event, and the record that it was read from."""

from contracts import Envelope, StockRequested
from event_bus import Apply, Input
from event_bus.wire import encode
from tests.event_bus.story import SOURCE


class Read:
    """A record as the client library gives it."""

    def __init__(self, event: Envelope[StockRequested], offset: int, source: str) -> None:
        topic, _, partition = source.rpartition("-")
        written = encode(event)
        self.topic, self.partition, self.offset, self.timestamp = topic, int(partition), offset, 0
        self.key, self.value, self.headers = written.key, written.value, written.headers


def asked(pieces: int, product: str = "cup") -> Envelope[StockRequested]:
    data = StockRequested(payment_id=f"payment-{pieces}", quantity=pieces, product=product)
    return Envelope.born(data, SOURCE, "a-request")


def given(event: Envelope[StockRequested], offset: int, source: str, row: Apply) -> Input:
    return Input(Read(event, offset, source), source, event, row.by, row.to(event.data))  # type: ignore[arg-type]
