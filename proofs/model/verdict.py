"""What is wrong with a shop that has come to rest, by its topics, its documents, and what people were told."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts import PaymentRefunded, StockMoved, StockRefused, StockRequested
from proofs.model.log import Written
from proofs.model.services import PIECES
from proofs.model.world import GROUPS, World

TOPICS = ("notifications", "inventories", "stock", "logs")


@dataclass(frozen=True, slots=True)
class Told:
    """An event as a reader of everything saw it."""

    topic: str
    id: str
    type: str
    data: Mapping[str, Any]


def findings(world: World) -> list[str]:
    """Empty when all is well. The first word of each says what kind it is."""
    if world.failures:
        return [f"bug: {failure}" for failure in world.failures]
    told = [_read(record) for topic in TOPICS for record in world.log.visible(topic) if not _is_junk(record)]
    judge = Judge(world, told)
    return [finding for look in judge.looks() for finding in look]


class Judge:
    def __init__(self, world: World, told: Sequence[Told]) -> None:
        self.world, self.told = world, told
        self.once = list({(event.topic, event.id): event for event in reversed(told)}.values())[::-1]
        self.payments = world.stores["payments_service"]["payments"].documents
        self.ids = {event.id for event in told}

    def looks(self) -> Iterator[Iterator[str]]:
        yield self.lost()
        yield self.doubled()
        yield self.phantoms()
        yield self.unbalanced()
        yield self.reordered()
        yield self.seen_wrongly()
        yield self.letters()

    def lost(self) -> Iterator[str]:
        for payment in self.world.payers.promised.keys() - self.payments.keys():
            yield f"lost: {_short(payment)} was accepted and is not stored"
        for payment, document in self.payments.items():
            missing = [event for event in document["event_ids"] if event not in self.ids]
            if missing:
                how, there = ("torn", "one") if len(missing) == 1 else ("lost", "none")
                yield f"{how}: {_short(payment)} is stored; of its two events {there} is on the topics"

    def doubled(self) -> Iterator[str]:
        for payment in self.world.payers.contradicted:
            yield f"duplicate: {_short(payment)} was answered in two ways"
        if self.world.ledger_lost:
            return  # “may repeat”: those who read must drop what they know
        for (topic, _, kind), times in Counter((e.topic, e.id, e.type) for e in self.told).items():
            if times > 1:
                yield f"duplicate: one {kind} stands {times} times on {topic}"

    def phantoms(self) -> Iterator[str]:
        for event in self.once:
            if "payment_id" in event.data and event.data["payment_id"] not in self.payments:
                yield f"phantom: {event.type} of a payment that is not stored"

    def unbalanced(self) -> Iterator[str]:
        asked, refused = self._of(StockRequested.type), self._of(StockRefused.type)
        moved, refunded = self._of(StockMoved.type), self._of(PaymentRefunded.type)
        for payment in asked:
            if moved[payment] + refused[payment] != asked[payment]:
                yield f"unbalanced: {_short(payment)} moved {moved[payment]} times, refused {refused[payment]} times"
        for payment in refused | refunded:
            if refused[payment] != refunded[payment]:
                yield (
                    f"unbalanced: {_short(payment)} refused {refused[payment]} times, "
                    f"refunded {refunded[payment]} times"
                )
            elif self.payments[payment]["states"] != ["accepted", "refunded"]:
                yield f"unbalanced: {_short(payment)} is refunded and says {self.payments[payment]['states']}"
        products = self.world.stores["inventories_service"]["products"].documents
        for product, pieces in PIECES.items():
            level = (
                products[product]["level"] if product in products else pieces
            )  # it is seeded when first used
            sold = moved.total() - moved[""]
            if level != pieces - sold or level < 0:
                yield f"unbalanced: of {pieces} {product} {sold} were sold and {level} are left"

    def _of(self, kind: str) -> Counter[str]:
        """How many events of this kind each payment has; "" those of none."""
        return Counter(event.data.get("payment_id", "") for event in self.once if event.type == kind)

    def reordered(self) -> Iterator[str]:
        """By first occurrences."""
        numbers = [event.data["number"] for event in self.once if event.type == StockMoved.type]
        if numbers != sorted(numbers):
            yield f"reordered: the movements on stock are numbered {numbers}"
        for topic in ("notifications", "logs"):
            stages = [
                (self._payment(event), self._stage(event)) for event in self.once if event.topic == topic
            ]
            yield from self._stages(topic, stages)

    def _payment(self, event: Told) -> str:
        about = self._about(event)
        return str(about.data.get("payment_id", ""))

    def _stage(self, event: Told) -> int:
        return int(self._about(event).type == PaymentRefunded.type)

    def _about(self, event: Told) -> Told:
        """The notification of a line."""
        cause = event.data.get("event_id", event.id)
        return next((e for e in self.once if e.id == cause and e.topic == "notifications"), event)

    def _stages(self, where: str, stages: Sequence[tuple[str, int]]) -> Iterator[str]:
        last: dict[str, int] = {}
        for payment, stage in stages:
            if payment and stage < last.get(payment, 0):
                yield f"reordered: {_short(payment)} is refunded before it is accepted on {where}"
            last[payment] = stage

    def seen_wrongly(self) -> Iterator[str]:
        """By the one who watches."""
        heard = Counter(self.world.watcher.heard)
        notifications = {event.id: event for event in self.once if event.topic == "notifications"}
        for event_id in notifications.keys() | heard.keys():
            name = notifications[event_id].type if event_id in notifications else "a line about nothing"
            if heard[event_id] == 0:
                yield f"lost: {name} was never seen by who watches the lines"
            elif heard[event_id] > 1 or event_id not in notifications:
                yield f"duplicate: {name} was seen {heard[event_id]} times by who watches the lines"

    def letters(self) -> Iterator[str]:
        for service, topic in GROUPS.items():
            letters = Counter(_origin(letter) for letter in self.world.log.visible(f"{service}.dlq"))
            junk = Counter((*map(str, place), str(offset)) for place, offset in self.world.junk)
            for place in {place for place in junk if place[0] == topic} | letters.keys():
                if letters[place] > 1 and self.world.ledger_lost:
                    continue
                if letters[place] != junk[place]:
                    kind = "lost" if letters[place] < junk[place] else "duplicate"
                    yield f"{kind}: {letters[place]} dead letters of {service} for a record on {topic}"


def _read(record: Written) -> Told:
    headers = {name: (value or b"").decode() for name, value in record.headers}
    return Told(record.topic, headers["ce_id"], headers["ce_type"], json.loads(record.value or b"{}"))


def _is_junk(record: Written) -> bool:
    return not record.headers


def _origin(letter: Written) -> tuple[str, ...]:
    headers = dict(letter.headers)
    return tuple((headers[f"dlq_{name}"] or b"").decode() for name in ("topic", "partition", "offset"))


def _short(payment: str) -> str:
    return f"payment {payment[:13]}"
