"""What the hub counts, for Prometheus: plain integers, read at each scrape, so that a line costs nothing."""

from collections.abc import Callable, Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from event_bus.printer import Printer
from logs_service.streams import OpenStream, Streams


class HubMetrics(Collector):
    """Each figure for each topic that is open."""

    def __init__(self, streams: Streams, printer: Printer) -> None:
        self._streams = streams
        self._printer = printer

    @staticmethod
    def describe() -> Iterator[Metric]:
        """What there is, without figures."""
        yield from (_family(figure) for figure in FIGURES)
        yield _not_printed(None)

    def collect(self) -> Iterator[Metric]:
        for figure in FIGURES:
            family, value = _family(figure), figure[-1]
            for stream in self._streams.open:
                family.add_metric([stream.topic], value(stream))
            yield family
        yield _not_printed(self._printer.dropped)


COUNTER, GAUGE = CounterMetricFamily, GaugeMetricFamily
Figure = tuple[type[CounterMetricFamily] | type[GaugeMetricFamily], str, str, Callable[[OpenStream], float]]
FIGURES: Sequence[Figure] = (
    (COUNTER, "lines", "Lines that went into the ring.", lambda one: one.hub.lines),
    (COUNTER, "flushes", "Segments that they were joined to.", lambda one: one.hub.flushes),
    (COUNTER, "written_bytes", "Bytes given to sockets.", lambda one: one.hub.written_bytes),
    (
        COUNTER,
        "fallen_behind",
        "Times that a client fell out of the ring.",
        lambda one: one.hub.fallen_behind,
    ),
    (COUNTER, "replayed", "Lines that were read from Kafka for a client.", lambda one: one.replays.lines),
    (COUNTER, "lost", "Times that a client was told of a gap.", lambda one: one.replays.losses),
    (GAUGE, "replay_readers", "Readers for clients behind the ring.", lambda one: one.replays.readers),
    (GAUGE, "replay_waiting", "Clients that wait for one.", lambda one: one.replays.waiting),
    (COUNTER, "repeated", "Records not shown: their id was known.", lambda one: one.feed.repeated),
    (COUNTER, "repaired", "Lines that were no line of valid UTF-8.", lambda one: one.feed.repaired),
    (GAUGE, "clients", "Clients that are here.", lambda one: len(one.hub.clients)),
    (GAUGE, "clients_at_head", "Those that have every line.", lambda one: len(one.hub.hot)),
    (GAUGE, "ring_bytes", "Memory of the ring.", lambda one: one.hub.ring.bytes),
    (GAUGE, "ring_limit_bytes", "Its bound.", lambda one: one.hub.ring.limit_bytes),
    (GAUGE, "delay_seconds", "Of the newest line: from Kafka to the ring.", lambda one: one.feed.delay),
    (GAUGE, "tick_seconds", "How long a flush waits for more lines.", lambda one: one.hub.pace.tick),
)


def _family(figure: Figure) -> CounterMetricFamily | GaugeMetricFamily:
    kind, name, meaning, _ = figure
    return kind(f"logs_{name}", meaning, labels=["topic"])


def _not_printed(lines: int | None) -> Metric:
    return CounterMetricFamily("logs_not_printed", "Lines left out: stdout was blocked.", lines)
