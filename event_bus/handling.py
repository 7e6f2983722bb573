"""What handlers and rules did, for Prometheus: plain numbers, read at each scrape; an event costs next to nothing."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import REGISTRY, Collector


class Handling:
    """Of the events of one type. A time counts where it led to something; a failure became a dead letter."""

    __slots__ = ("events", "failures", "seconds")

    def __init__(self) -> None:
        self.events = self.failures = 0
        self.seconds = 0.0

    def done(self, seconds: float) -> None:
        self.events += 1
        self.seconds += seconds


class Handlings(Collector):
    """A `Handling` for each type that came."""

    def __init__(self) -> None:
        self._of: dict[str, Handling] = {}

    def of(self, kind: str) -> Handling:
        return self._of.get(kind) or self._of.setdefault(kind, Handling())

    @property
    def events(self) -> int:
        return sum(one.events for one in self._of.values())

    @staticmethod
    def describe() -> Iterator[Metric]:
        """What there is, without figures."""
        yield from _families()

    def collect(self) -> Iterator[Metric]:
        events, seconds, failures = _families()
        for kind, one in self._of.items():
            events.add_metric([kind], one.events)
            seconds.add_metric([kind], one.seconds)
            failures.add_metric([kind], one.failures)
        return iter((events, seconds, failures))


def _families() -> tuple[CounterMetricFamily, CounterMetricFamily, CounterMetricFamily]:
    return (
        CounterMetricFamily(
            "worker_events_handled", "events that a handler or a rule handled", labels=["type"]
        ),
        CounterMetricFamily(
            "worker_handler_seconds", "time that handlers and rules took, all together", labels=["type"]
        ),
        CounterMetricFamily(
            "worker_handler_failures",
            "events that a handler or a rule refused or failed at",
            labels=["type"],
        ),
    )


HANDLINGS = Handlings()
REGISTRY.register(HANDLINGS)
