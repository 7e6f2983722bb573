"""The embedded run: Kafka, MongoDB and the services as supervised child processes, and the `./shop` command."""
