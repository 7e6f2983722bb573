"""A read-only browser of Kafka: topics, messages, consumer groups and dead letters."""
