"""`./shop trace`: all that followed from one request, as a tree of causes. It reads Kafka and writes nothing."""
