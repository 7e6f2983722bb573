"""What must hold in a shop at rest. A check is a function from facts to what breaks it: no await, no network."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from dev.audit.facts import Facts, Movement


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: how many things it looked at, and a few words on each that is not as it must be."""

    check: str
    looked_at: int
    offenders: Sequence[str]


def check(facts: Facts) -> list[Finding]:
    """All of them, in the order of a payment's way."""
    products, events = len(facts.levels), facts.events
    table: list[tuple[str, int, Callable[[Facts], Iterator[str]]]] = [
        ("every record can be read", events.records, unreadable),
        ("every accepted payment asked for its goods once", len(events.accepted), not_asked),
        ("every request for goods is of an accepted payment", len(events.requests), not_paid),
        ("every request has one answer: moved or refused", len(events.requests), not_answered),
        ("every answer fits its request", _answers(facts), not_fitting),
        ("every refusal has one refund, every refund one refusal", len(events.refusals), not_refunded),
        ("every refused payment says so: GET /payments/ID", len(facts.statuses), not_said),
        ("what came = level + what was sold, per product", products, not_balanced),
        ("level = sum of its movements, per product", products, not_summed),
        ("movements are numbered 1, 2, … without a gap", products, not_numbered),
        ("no level is below zero", sum(map(len, facts.ledger.values())), below_zero),
        ("every movement is one record on the topic", len(events.movements), not_told),
    ]
    return [Finding(name, looked_at, list(broken(facts))) for name, looked_at, broken in table]


def unreadable(facts: Facts) -> Iterator[str]:
    yield from facts.events.unreadable


def not_asked(facts: Facts) -> Iterator[str]:
    asked = Counter(request.payment_id for request in facts.events.requests)
    for payment, times in Counter(payment.payment_id for payment in facts.events.accepted).items():
        if (times, asked[payment]) != (1, 1):
            yield f"payment {payment}: accepted {_times(times)}, asked {_times(asked[payment])}"


def not_paid(facts: Facts) -> Iterator[str]:
    paid = {payment.payment_id for payment in facts.events.accepted}
    yield from (f"payment {r.payment_id}" for r in facts.events.requests if r.payment_id not in paid)


def not_answered(facts: Facts) -> Iterator[str]:
    moved = Counter(movement.payment_id for movement in facts.events.movements)
    refused = Counter(refusal.payment_id for refusal in facts.events.refusals)
    for payment in dict.fromkeys(request.payment_id for request in facts.events.requests):
        if moved[payment] + refused[payment] != 1:
            yield f"payment {payment}: moved {_times(moved[payment])}, refused {_times(refused[payment])}"


def not_fitting(facts: Facts) -> Iterator[str]:
    """An answer to nothing, of another product, or of another number of pieces."""
    requests = {request.payment_id: request for request in facts.events.requests}
    sold = [(m.payment_id, m.product, -m.quantity) for m in facts.events.movements if m.payment_id]
    refused = [(refusal.payment_id, refusal.product, refusal.quantity) for refusal in facts.events.refusals]
    for payment, product, pieces in sold + refused:
        request = requests.get(payment)
        if request is None:
            yield f"payment {payment}: {pieces} {product}, for which nobody asked"
        elif (request.product or product, request.quantity) != (product, pieces):
            yield f"payment {payment}: {pieces} {product} for {request.quantity} {request.product or ''}"


def not_refunded(facts: Facts) -> Iterator[str]:
    refused = Counter(refusal.payment_id for refusal in facts.events.refusals)
    refunded = Counter(payment.payment_id for payment in facts.events.refunded)
    for payment in refused | refunded:
        if (refused[payment], refunded[payment]) != (1, 1):
            yield f"payment {payment}: refused {_times(refused[payment])}, refunded {_times(refunded[payment])}"


def not_said(facts: Facts) -> Iterator[str]:
    yield from (f"payment {p}: {status}" for p, status in facts.statuses.items() if status != "refunded")


def not_balanced(facts: Facts) -> Iterator[str]:
    """By three sources: what came by the ledger, the level by the list of products, what was sold by the requests."""
    asked = {request.payment_id: request.quantity for request in facts.events.requests}
    sold: Counter[str] = Counter()
    for movement in facts.events.movements:
        if movement.payment_id:
            sold[movement.product] += asked.get(movement.payment_id, -movement.quantity)
    for product, level in facts.levels.items():
        came = sum(m.quantity for m in facts.ledger[product] if not m.payment_id)
        if came != level + sold[product]:
            yield f"{product}: {came} came, {level} are there, {sold[product]} were sold"


def not_summed(facts: Facts) -> Iterator[str]:
    for product, level in facts.levels.items():
        movements = facts.ledger[product]
        sums = list(accumulate(movement.quantity for movement in movements))
        wrong = [m.number for m, total in zip(movements, sums, strict=True) if m.level != total]
        if wrong:
            yield f"{product}: the level after movement {wrong[0]} is not the sum of those before"
        elif not sums or level != sums[-1]:
            yield f"{product}: {level} are there, its movements make {sums[-1] if sums else 0}"


def not_numbered(facts: Facts) -> Iterator[str]:
    for product, movements in facts.ledger.items():
        for place, movement in enumerate(movements, 1):
            if movement.number != place:
                yield f"{product}: movement {movement.number} stands in place {place}"
                break


def below_zero(facts: Facts) -> Iterator[str]:
    yield from (f"{product}: {level}" for product, level in facts.levels.items() if level < 0)
    yield from (f"{_named(m)}: {m.level}" for ms in facts.ledger.values() for m in ms if m.level < 0)


def not_told(facts: Facts) -> Iterator[str]:
    """The ledger and the topic hold the same movements, each once."""
    told = Counter(map(_whole, facts.events.movements))
    booked = Counter(_whole(movement) for movements in facts.ledger.values() for movement in movements)
    yield from (f"{_shown(one)}: {_times(n)} too often on the topic" for one, n in (told - booked).items())
    yield from (f"{_shown(one)}: not on the topic" for one in booked - told)


def _answers(facts: Facts) -> int:
    return sum(1 for m in facts.events.movements if m.payment_id) + len(facts.events.refusals)


def _times(number: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")


def _named(movement: Movement) -> str:
    return f"{movement.product} movement {movement.number}"


Whole = tuple[str, int, int, int, str | None]


def _whole(movement: Movement) -> Whole:
    return movement.product, movement.number, movement.quantity, movement.level, movement.payment_id


def _shown(whole: Whole) -> str:
    product, number, quantity, level, _ = whole
    return f"{product} movement {number} ({quantity:+}, level {level})"


def broken(findings: Iterable[Finding]) -> bool:
    return any(finding.offenders for finding in findings)
