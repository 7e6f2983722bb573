"""The embedded broker: the real Apache Kafka, one process that is broker and controller."""

from dev.kafka.broker import Kafka

__all__ = ["Kafka"]
