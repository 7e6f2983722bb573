"""What was done to the shop, and whether it bit: a blow at somebody who had nothing in hand proves nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dev.committed import Committed
from proofs.history import History

ANY = "any service"


@dataclass
class Fault:
    """`bit` is set at once where it is known by its nature, else when the case is audited."""

    time: float
    what: str  # for a person: `kill -9 payments_service`
    service: str
    bit: bool | None = None


class Traffic:
    """What was under way at a moment, from the clocks of clients, topics and watchers."""

    def __init__(
        self, history: History, topics: Mapping[str, Sequence[Committed]], arrivals: Mapping[str, float]
    ) -> None:
        self._history = history
        self._hops = {
            "inventories_service": list(_hops(topics["inventories"], topics["stock"])),
            "notifications_service": list(_hops(topics["notifications"], topics["logs"])),
            "logs_service": [(r.time, arrivals.get(r.correlation, 0.0)) for r in topics["logs"]],
        }

    def at(self, moment: float, service: str) -> int:
        """How many things this service had in hand."""
        if service in self._hops:
            return sum(1 for begun, ended in self._hops[service] if begun < moment < ended)
        operations = (o for o in self._history.operations.values() if o.service == service)
        return sum(1 for operation in operations if operation.under_way(moment))


def _hops(causes: Sequence[Committed], effects: Sequence[Committed]) -> Iterator[tuple[float, float]]:
    """When a cause came and when its effect did, for each correlation id."""
    done = {record.correlation: record.time for record in effects}
    yield from ((record.time, done.get(record.correlation, 0.0)) for record in causes)


def judge(faults: Sequence[Fault], traffic: Traffic) -> None:
    for fault in faults:
        if fault.bit is None:
            fault.bit = traffic.at(fault.time, fault.service) > 0
