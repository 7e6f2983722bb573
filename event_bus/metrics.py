"""What the machinery counts. Histograms in seconds, buckets around what a transaction takes (milliseconds)."""

import time

from prometheus_client import Counter, Gauge, Histogram

_BUCKETS = (0.001, 0.002, 0.003, 0.005, 0.008, 0.012, 0.02, 0.035, 0.06, 0.1, 0.25, 1.0, 5.0)
# How late something is: some milliseconds if all is well, minutes if somebody was away.
_DELAYS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0)

WRITE = Histogram("outbox_write_seconds", "one shared write of documents", buckets=_BUCKETS)
WRITE_SIZE = Histogram(
    "outbox_write_documents", "documents in one shared write", buckets=(1, 2, 5, 10, 20, 50, 100)
)
PENDING = Gauge("outbox_pending_documents", "documents whose events wait for Kafka", ["collection"])
OLDEST = Gauge(
    "outbox_oldest_seconds",
    "how long the oldest document has waited for Kafka; 0 if none does",
    ["collection"],
)
PUBLISH_DELAY = Histogram(
    "relay_delay_seconds",
    "from when an event was written until Kafka had it: the first of each transaction",
    buckets=_DELAYS,
)
PUBLISHED = Counter("relay_events_published_total", "events that left an outbox")
RELAY_TRANSACTION = Histogram(
    "relay_transaction_seconds", "one Kafka transaction of the relay", buckets=_BUCKETS
)
RELAY_CLEAR = Histogram("relay_clear_seconds", "taking published events out of documents", buckets=_BUCKETS)

SKIPPED = Counter("worker_events_skipped_total", "events that are of no concern to this service", ["type"])
DEAD_LETTERS = Counter("worker_dead_letters_total", "records that could not be handled")
REPEATED = Counter("inbox_repeated_total", "events that had been applied to their document before")
CONFLICTS = Counter("state_conflicts_total", "writes that met a document which somebody else had changed")
APPLY = Histogram("state_write_seconds", "one shared write of changed documents", buckets=_BUCKETS)
WORKER_TRANSACTION = Histogram("worker_transaction_seconds", "one transaction of a worker", buckets=_BUCKETS)
LAG = Gauge(
    "consumer_lag",
    "offsets that are written and not done yet, of the partitions of this instance",
    ["group", "topic", "partition"],
)
CONSUME_DELAY = Histogram(
    "consumer_delay_seconds",
    "from when a record was written until what follows was committed: the first of each batch",
    buckets=_DELAYS,
)
FENCED = Counter(
    "kafka_fenced_total",
    "what Kafka refused since somebody else had taken over, or a transaction ran out of time",
)
RECOVERIES = Counter("worker_recoveries_total", "times a partition was taken up again after an error")


def age(milliseconds: float) -> float:
    """Seconds since a time of this machine or of another one, whose clock may be ahead."""
    return max(0.0, time.time() - milliseconds / 1000)
