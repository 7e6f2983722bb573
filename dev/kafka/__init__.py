"""The embedded broker: the real Apache Kafka, one process that is broker and controller."""

from dev.kafka.broker import Kafka
from dev.kafka.security import Guard

__all__ = ["Guard", "Kafka"]
