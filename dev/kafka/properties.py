"""The broker's settings, and why each differs from Kafka's default. Knows no process."""

from collections.abc import Mapping
from pathlib import Path

YEAR_IN_MINUTES = 525_600
DAY_IN_MILLISECONDS = 86_400_000

LOGGING = """\
<Configuration status="WARN" shutdownHook="disable">
  <Appenders>
    <Console name="out"><PatternLayout pattern="%d{ISO8601} %-5p %m (%c{1})%n"/></Console>
  </Appenders>
  <Loggers>
    <Root level="INFO"><AppenderRef ref="out"/></Root>
    <Logger name="org.apache.kafka.common.config.AbstractConfig" level="WARN"/>
  </Loggers>
</Configuration>
"""


def server_properties(
    data: Path, port: int, controller_port: int, more: Mapping[str, str] | None = None
) -> str:
    """The text of server.properties for one process that is broker and controller, on loopback.

    `more` goes before what is usual here: for a proof that needs another broker than people do.
    """
    broker, controller = f"PLAINTEXT://127.0.0.1:{port}", f"CONTROLLER://127.0.0.1:{controller_port}"
    settings = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "listeners": f"{broker},{controller}",
        "advertised.listeners": broker,
        "log.dirs": str(data),
        **_ONE_NODE,
        **_KEEPS_WHAT_WAS_NOT_CONSUMED,
        **_SMALL,
        # Topics come from kafka_init alone: a misspelt name is an error, not a new topic.
        "auto.create.topics.enable": "false",
        # A frozen writer's open transaction holds every read_committed reader: looked for each second.
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
        # Frozen and woken, it would be declared dead by its own controller; nobody else could take over anyway.
        # After a kill `fencing` does it, at the right moment.
        "broker.session.timeout.ms": str(DAY_IN_MILLISECONDS),
        # An idle broker's own no-op records, two a second, took a fifth of its CPU.
        "metadata.max.idle.interval.ms": "5000",
        # The first member of a group need not wait three seconds for others that never come.
        "group.initial.rebalance.delay.ms": "0",
        **(more or {}),
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def controller_properties(data: Path, controller_port: int, more: Mapping[str, str] | None = None) -> str:
    """The same node as a controller alone, which gives up a broker that it does not hear of at once."""
    settings = {
        "process.roles": "controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"CONTROLLER://127.0.0.1:{controller_port}",
        "log.dirs": str(data),
        "broker.session.timeout.ms": "200",
        "broker.heartbeat.interval.ms": "100",
        **(more or {}),
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


_ONE_NODE = {
    "default.replication.factor": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
}

# A machine that slept for ten days must lose nothing that was not consumed yet.
_KEEPS_WHAT_WAS_NOT_CONSUMED = {
    "log.retention.ms": "-1",
    "offsets.retention.minutes": str(YEAR_IN_MINUTES),
}

_SMALL = {
    # 50 partitions each by default: after a kill the start would take far longer.
    "offsets.topic.num.partitions": "8",
    "transaction.state.log.num.partitions": "8",
    "share.coordinator.state.topic.num.partitions": "1",
    # 128 MiB by default, taken from the heap at the start; this is enough for 300,000 keys a pass.
    "log.cleaner.dedupe.buffer.size": str(8 * 1024 * 1024),
}
