"""What the hub counts, for Prometheus: plain integers, read at each scrape, so that a line costs nothing."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from event_bus.printer import Printer
from logs_service.feed import Feed
from logs_service.hub import Hub
from logs_service.replays import Replays


class HubMetrics(Collector):
    def __init__(self, hub: Hub, feed: Feed, replays: Replays, printer: Printer) -> None:
        self._hub = hub
        self._replays = replays
        self._feed = feed
        self._printer = printer

    def collect(self) -> Iterator[Metric]:
        counter, gauge = CounterMetricFamily, GaugeMetricFamily
        hub, ring, feed = self._hub, self._hub.ring, self._feed
        yield counter("logs_lines", "Lines that went into the ring.", hub.lines)
        yield counter("logs_flushes", "Segments that they were joined to.", hub.flushes)
        yield counter("logs_written_bytes", "Bytes of frames given to sockets.", hub.written_bytes)
        yield counter("logs_fallen_behind", "Times that a client fell out of the ring.", hub.fallen_behind)
        replays = self._replays
        yield counter("logs_replayed", "Lines that were served from Kafka.", replays.lines)
        yield counter("logs_lost", "Times that a client was told of a gap.", replays.losses)
        yield gauge("logs_replay_readers", "Readers that serve clients behind the ring.", replays.readers)
        yield gauge("logs_replay_waiting", "Clients that wait for one.", replays.waiting)
        yield counter("logs_repeated", "Records not shown: their id was known.", feed.repeated)
        yield counter("logs_repaired", "Lines that were no line of valid UTF-8.", feed.repaired)
        yield counter("logs_not_printed", "Lines left out: stdout was blocked.", self._printer.dropped)
        yield gauge("logs_clients", "Open WebSocket connections.", len(hub.clients))
        yield gauge("logs_clients_at_head", "Those that have every line.", len(hub.hot))
        yield gauge("logs_ring_bytes", "Memory of the ring.", ring.bytes)
        yield gauge("logs_ring_limit_bytes", "Its bound.", ring.limit_bytes)
        yield gauge("logs_tick_seconds", "How long a flush waits for more lines.", hub.tick)
