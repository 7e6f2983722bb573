"""What an audit knows of a shop: its ledger of stock as HTTP tells it, and the events committed on its topics.

Of each event it reads what it needs and nothing else. It must not know how the services work.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from pydantic import BaseModel, ValidationError

from dev.committed import Committed


class Request(BaseModel):
    """A payment asks for goods. Without a product: the default one."""

    payment_id: str
    product: str | None = None
    quantity: int


class Movement(BaseModel):
    """Pieces of a product came or went; with a payment: they were sold."""

    product: str
    number: int
    quantity: int
    level: int
    payment_id: str | None = None


class Refusal(BaseModel):
    """A payment asked for more than there is."""

    product: str
    payment_id: str
    quantity: int


class Payment(BaseModel):
    """Money was taken, or given back."""

    payment_id: str


@dataclass
class Events:
    """Every committed event that matters here, in no order across partitions."""

    requests: list[Request] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    accepted: list[Payment] = field(default_factory=list)
    refunded: list[Payment] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)  # where they are
    records: int = 0
    settled: set[str] = field(default_factory=set)  # the places of records that count no more

    def add(self, records: Iterable[Committed]) -> None:
        for record in records:
            self.records += 1
            if record.place in self.settled:
                continue
            try:
                self._add(record)
            except ValidationError:
                self.unreadable.append(f"{record.place} {record.type}")

    def _add(self, record: Committed) -> None:
        match record.type:
            case "payments.stock_requested.v1":
                self.requests.append(Request.model_validate_json(record.value))
            case "stock.moved.v1":
                self.movements.append(Movement.model_validate_json(record.value))
            case "stock.refused.v1":
                self.refusals.append(Refusal.model_validate_json(record.value))
            case "payments.accepted.v1":
                self.accepted.append(Payment.model_validate_json(record.value))
            case "payments.refunded.v1":
                self.refunded.append(Payment.model_validate_json(record.value))
            case "":
                self.unreadable.append(f"{record.place} has no type")


@dataclass
class Facts:
    """One look at a shop."""

    events: Events
    levels: dict[str, int] = field(default_factory=dict)  # by product, as GET /stock tells them
    ledger: dict[str, list[Movement]] = field(default_factory=dict)  # by product, the first movement first
    statuses: dict[str, str] = field(
        default_factory=dict
    )  # of refused payments, as GET /payments/ID tells them
