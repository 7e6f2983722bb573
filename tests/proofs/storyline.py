"""Evidence of a shop as it must be, which a test spoils in one place."""

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from contracts import (
    Envelope,
    Event,
    LogLine,
    PaymentAccepted,
    PaymentRefunded,
    StockMoved,
    StockRefused,
    StockRequested,
    UserLoggedIn,
    UserRegistered,
)
from dev.committed import Committed
from event_bus.wire import encode
from proofs.evidence import Evidence
from proofs.history import History, Operation
from proofs.watchers import Seen, Watcher

MONEY = {"amount": "25.00", "currency": "EUR", "method": "card"}


def committed(event: Envelope[Event], place: str) -> Committed:
    record = encode(event)
    headers = {name: value or b"" for name, value in record.headers}
    kind = headers["ce_type"].decode()
    return Committed(place, kind, record.value or b"", (record.key or b"").decode(), 100.0, headers)


def line_of(notification: Envelope[Event], place: str) -> Committed:
    line = LogLine.about(notification)  # type: ignore[arg-type]
    return committed(notification.outcome(line, "notifications_service", line.type), place)


class Watched(Watcher):
    """What somebody saw, without a hub."""

    def __init__(self, name: str, seen: list[Seen]) -> None:
        self.name, self.seen, self.notices = name, seen, []


class Story:
    """Alice registers, logs in, is refused once; one payment gets its goods and one its money back."""

    def __init__(self, folder: Path) -> None:
        self.history = History(folder / "history.jsonl")
        self.register = self._call("register", "alice", "ok")
        self.login = self._call("login", "alice", "ok")
        self.wrong = self._call("login", "", "fail")
        self.paid = self._call("pay", "", "ok")
        self.refunded = self._call("pay", "", "ok")
        self.told = [
            self._born(UserRegistered(message="registered", user="alice"), self.register),
            self._born(UserLoggedIn(message="logged in", user="alice"), self.login),
            self._born(PaymentAccepted(message="paid", user="guest", payment_id="p1", **MONEY), self.paid),
            self._born(
                PaymentAccepted(message="paid", user="guest", payment_id="p2", **MONEY), self.refunded
            ),
            self._born(
                PaymentRefunded(message="back", user="guest", payment_id="p2", reason="none left", **MONEY),
                self.refunded,
            ),
        ]
        self.topics = {
            "notifications": [committed(e, f"notifications-0@{n}") for n, e in enumerate(self.told)],
            "logs": [line_of(e, f"logs-0@{n}") for n, e in enumerate(self.told)],
            "inventories": [
                committed(self._born(StockRequested(payment_id=key, quantity=1), call), f"inventories-0@{n}")
                for n, (key, call) in enumerate([("p1", self.paid), ("p2", self.refunded)])
            ],
            "stock": [
                committed(self._moved(1, 5, 5, None), "stock-0@0"),
                committed(self._moved(2, -1, 4, "p1"), "stock-0@1"),
                committed(
                    self._born(
                        StockRefused(product="mug", level=4, quantity=9, reason="none left", payment_id="p2"),
                        self.refunded,
                    ),
                    "stock-0@2",
                ),
            ],
            "notifications_service.dlq": [],
        }
        seen = [Seen(101.0, LogLine.about(e).model_dump()) for e in self.told]  # type: ignore[arg-type]
        self.watchers = [Watched("one", list(seen)), Watched("two", list(seen))]

    def evidence(self) -> Evidence:
        return Evidence(self.history, self.topics, self.watchers, [])

    def take_out(self, topic: str, number: int) -> Committed:
        return self.topics[topic].pop(number)

    def repeat(self, topic: str, number: int) -> None:
        again = self.topics[topic][number]
        self.topics[topic].append(replace(again, place=f"{again.place}9"))

    def swap(self, topic: str, first: int, second: int) -> None:
        records = self.topics[topic]
        records[first], records[second] = records[second], records[first]

    def _call(self, kind: str, key: str, outcome: str) -> Operation:
        operation = self.history.begin(kind, f"{kind}_service", key)
        self.history.ended(operation, self.history.invoked(operation), outcome, {"told": operation.name})
        return operation

    def _born(self, event: Event, operation: Operation) -> Envelope[Event]:
        return Envelope.born(event, "a_service", operation.name)

    def _moved(self, number: int, quantity: int, level: int, payment: str | None) -> Envelope[Event]:
        moved = StockMoved(
            product="mug", level=level, quantity=quantity, number=number, reason="sold", payment_id=payment
        )
        return Envelope.born(moved, "a_service", self.paid.name if payment else uuid4().hex)
