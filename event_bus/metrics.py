"""What the machinery counts. Histograms in seconds, buckets around what a transaction takes (milliseconds)."""

from prometheus_client import Counter, Gauge, Histogram

_BUCKETS = (0.001, 0.002, 0.003, 0.005, 0.008, 0.012, 0.02, 0.035, 0.06, 0.1, 0.25, 1.0, 5.0)

WRITE = Histogram("outbox_write_seconds", "one shared write of documents", buckets=_BUCKETS)
WRITE_SIZE = Histogram(
    "outbox_write_documents", "documents in one shared write", buckets=(1, 2, 5, 10, 20, 50, 100)
)
PENDING = Gauge("outbox_pending_documents", "documents whose events wait for Kafka", ["collection"])
PUBLISHED = Counter("relay_events_published_total", "events that left an outbox")
RELAY_TRANSACTION = Histogram(
    "relay_transaction_seconds", "one Kafka transaction of the relay", buckets=_BUCKETS
)
RELAY_CLEAR = Histogram("relay_clear_seconds", "taking published events out of documents", buckets=_BUCKETS)

HANDLED = Counter("worker_events_handled_total", "events that a worker handled", ["type"])
SKIPPED = Counter("worker_events_skipped_total", "events that are of no concern to this service", ["type"])
DEAD_LETTERS = Counter("worker_dead_letters_total", "records that could not be handled")
REPEATED = Counter("inbox_repeated_total", "events that had been applied to their document before")
CONFLICTS = Counter("state_conflicts_total", "writes that met a document which somebody else had changed")
APPLY = Histogram("state_write_seconds", "one shared write of changed documents", buckets=_BUCKETS)
WORKER_TRANSACTION = Histogram("worker_transaction_seconds", "one transaction of a worker", buckets=_BUCKETS)
FENCED = Counter(
    "kafka_fenced_total",
    "what Kafka refused since somebody else had taken over, or a transaction ran out of time",
)
RECOVERIES = Counter("worker_recoveries_total", "times a partition was taken up again after an error")
