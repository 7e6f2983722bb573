"""What must hold after any fault. A check goes through the evidence and yields what breaks it."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from contracts import StockMoved
from dev.committed import Committed
from proofs.evidence import Evidence
from proofs.history import UNANSWERED, Answer
from proofs.watchers import Seen

Check = Callable[[Evidence], Iterator[str]]

CAUSES = {  # what an accepted operation puts on `notifications`
    "register": "users.registered.v1",
    "login": "users.logged_in.v1",
    "pay": "payments.accepted.v1",
}
REFUNDED = {"payments.refunded.v1", "payments.refunded"}
RAN_LOW = {"stock.ran_low.v1", "stock.ran_low"}
OURS = ("notifications", "inventories", "logs")  # nothing else than what clients asked for may be there


@dataclass(frozen=True)
class Verdict:
    """By check: what breaks it, in words. Lags are seconds from an accepted call to its line at a watcher."""

    offenders: Mapping[str, Sequence[str]]
    lags: Sequence[float] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not any(self.offenders.values())

    def lag(self, quantile: float) -> float:
        return self.lags[min(len(self.lags) - 1, int(quantile * len(self.lags)))] if self.lags else 0.0


def audit(evidence: Evidence) -> Verdict:
    offenders = {name: [*check(evidence), *evidence.found.get(name, ())] for name, check in CHECKS.items()}
    return Verdict(offenders, sorted(lag for _, lag in lags_of(evidence)))


def lost(evidence: Evidence) -> Iterator[str]:
    """Accepted, and not to be seen: on a topic, as a line, or at a watcher."""
    noted = _by_correlation(evidence.topics["notifications"])
    for operation in evidence.history.of("ok"):
        if CAUSES[operation.kind] not in noted[operation.name]:
            yield f"{operation.kind} {operation.name} was accepted and is not on notifications"
    told = {event for _, event in evidence.lines}
    for record in evidence.topics["notifications"]:
        if record.id not in told:
            yield f"{record.place} {record.type} has no line"
    for watcher in evidence.watchers:
        seen = {one.event_id for one in watcher.seen}
        yield from (f"{watcher.name} missed {event}" for event in told - seen)
        yield from (f"{watcher.name} was told: {notice}" for notice in watcher.notices)
    yield from (
        f"{place} can't be handled and has no dead letter"
        for place in set(evidence.bad) - set(evidence.buried)
    )
    answered = {record.correlation for record in evidence.topics["stock"]}
    for record in evidence.topics["inventories"]:
        if record.correlation not in answered:
            yield f"{record.place}: goods were asked for, and neither moved nor refused"


def duplicate(evidence: Evidence) -> Iterator[str]:
    """The same event twice, or two events for one operation, on a topic or at a watcher."""
    raw = list(_repeated(evidence))
    yield from raw[evidence.excused :]
    for operation in evidence.history.of("ok"):
        if len({_shown(answer) for answer in operation.answers}) > 1 and operation.kind != "login":
            yield f"{operation.name} was answered in two ways"
    for watcher in evidence.watchers:
        for event, times in Counter(one.event_id for one in watcher.seen).items():
            if times > 1:
                yield f"{watcher.name} saw {event} {times} times"
    for place, times in Counter(evidence.buried).items():
        if times > 1:
            yield f"{place} has {times} dead letters"


def _repeated(evidence: Evidence) -> Iterator[str]:
    for topic, records in evidence.topics.items():
        if topic.endswith(".dlq"):
            continue  # bad records may have any id
        for event, times in Counter(record.id for record in records if record.id).items():
            yield from [f"{topic}: {event} is there {times} times"] * (times - 1)
    for topic in OURS:
        kinds = Counter((record.correlation, _kind(record)) for record in _first(evidence.topics[topic]))
        for (operation, kind), times in kinds.items():
            if times > 1:
                yield f"{topic}: {times} different {kind} for {operation}"


def phantom(evidence: Evidence) -> Iterator[str]:
    """Refused, and yet there; or nobody asked for it."""
    operations = evidence.history.operations
    for topic in OURS:
        for record in evidence.topics[topic]:
            operation = operations.get(record.correlation)
            if operation is None:
                yield f"{record.place} {record.type}: nobody asked for it"
            elif operation.outcome == "fail":
                yield f"{record.place} {record.type}: {operation.name} was refused"
    for place in set(evidence.buried) - set(evidence.bad):
        yield f"{place} has a dead letter and nothing is wrong with it"


def reordered(evidence: Evidence) -> Iterator[str]:
    """Events of a key in another order than they were caused; lines in another order than on the topic."""
    place = {operation.name: number for number, operation in enumerate(evidence.history.of("ok"))}
    for topic in ("notifications", "logs"):
        for key, records in _by_key(_first(evidence.topics[topic])).items():
            asked = [(place[r.correlation], _kind(r) in REFUNDED) for r in records if _is_caused(r, place)]
            if asked != sorted(asked):
                yield f"{topic}: the events of {key} are not in the order of the calls"
    moved = [record for record in _first(evidence.topics["stock"]) if record.type == "stock.moved.v1"]
    for product, records in _by_key(moved).items():
        movements = [StockMoved.model_validate_json(record.value) for record in records]
        if [movement.number for movement in movements] != list(range(1, len(movements) + 1)):
            yield f"stock: the movements of {product} are not 1, 2, …"
        if [movement.level for movement in movements] != list(accumulate(m.quantity for m in movements)):
            yield f"stock: the levels of {product} do not lead on from one to the next"
    order = {event: number for number, (_, event) in reversed(list(enumerate(evidence.lines)))}
    for watcher in evidence.watchers:
        numbers = [order[one.event_id] for one in watcher.seen if one.event_id in order]
        if numbers != sorted(numbers):
            yield f"{watcher.name} saw lines in another order than they are on the topic"


def torn(evidence: Evidence) -> Iterator[str]:
    """A payment's notification without its request for goods, or the other way round."""
    paid = {r.key for r in evidence.topics["notifications"] if r.type == "payments.accepted.v1"}
    asked = {r.key for r in evidence.topics["inventories"]}
    yield from (f"payment {key}: accepted, and no goods asked for" for key in paid - asked)
    yield from (f"payment {key}: goods asked for, and not accepted" for key in asked - paid)


def unanswered(evidence: Evidence) -> Iterator[str]:
    for operation in evidence.history.operations.values():
        if operation.slowest > UNANSWERED:
            yield f"{operation.kind} {operation.name} waited {operation.slowest:.1f} s for an answer"


def unbalanced(evidence: Evidence) -> Iterator[str]:
    yield from evidence.books


def other(evidence: Evidence) -> Iterator[str]:
    """A case in which nothing was hit proves nothing. (The case adds what it holds against the shop itself.)"""
    if evidence.excused and not list(_repeated(evidence)):
        yield "nothing is on a topic twice, so nobody was shown that readers cover it"
    if evidence.faults and not any(fault.bit for fault in evidence.faults):
        yield "no fault bit: nothing was in hand when it struck"


CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (lost, duplicate, phantom, reordered, torn, unanswered, unbalanced, other)
}


def lags_of(evidence: Evidence) -> Iterator[tuple[Seen, float]]:
    """What the first watcher saw of accepted calls, and how many seconds after the call; a refund comes later."""
    for seen in evidence.watchers[0].seen if evidence.watchers else ():
        operation = evidence.history.operations.get(seen.correlation)
        if operation and operation.outcome == "ok" and not seen.line["event"].endswith("refunded"):
            yield seen, max(0.0, seen.time - operation.accepted)


def _by_correlation(records: Iterable[Committed]) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for record in records:
        found[record.correlation].add(record.type)
    return found


def _by_key(records: Iterable[Committed]) -> Mapping[str, list[Committed]]:
    found: dict[str, list[Committed]] = defaultdict(list)
    for record in records:
        found[record.key].append(record)
    return found


def _first(records: Iterable[Committed]) -> Iterator[Committed]:
    """Without repetitions: those are the affair of another check."""
    known: set[str] = set()
    for record in records:
        if record.id not in known:
            known.add(record.id)
            yield record


def _is_caused(record: Committed, operations: Mapping[str, int]) -> bool:
    """By the call itself or by its refund; a product that runs low is told in its own order."""
    return record.correlation in operations and _kind(record) not in RAN_LOW


def _kind(record: Committed) -> str:
    """What happened; a line tells it of the notification."""
    return str(json.loads(record.value)["event"]) if record.type == "logs.line.v1" else record.type


def _shown(answer: Answer) -> str:
    return json.dumps(answer, sort_keys=True)
