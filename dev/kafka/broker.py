"""Apache Kafka as a child process, with all its jars on the class path and a heap that suits one machine."""

import os
from pathlib import Path

from dev.child import Child
from dev.kafka import archive, java
from dev.kafka.fencing import fence, was_killed
from dev.kafka.jars import class_path
from dev.kafka.metadata import broker_ports
from dev.kafka.properties import LOGGING, server_properties
from dev.kafka.security import Guard
from dev.kafka.storage import format_once
from dev.server import Server, writable

# Measured on 2 cores: ready in 1.6 s and 215 MB at rest; with the default JVM flags 2.6 s and 360 MB.
JVM = [
    "-Xms64m",
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",  # the quick compiler alone: a third less CPU at the start
    "-XX:+ExitOnOutOfMemoryError",  # a dead process is started again, a crippled one is not
]


class Kafka(Server):
    """One broker on a folder and two ports of 127.0.0.1 (the second one is the controller's).

    `overrides` go before the usual settings when it starts the next time. With a `guard` it asks for accounts.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        controller_port: int,
        log: Path | None = None,
        guard: Guard | None = None,
    ) -> None:
        super().__init__("kafka", port, log or folder / "kafka.log")
        self.folder, self.controller_port, self.guard = folder, controller_port, guard
        self.overrides: dict[str, str] = {}
        self.more_options: list[str] = []  # of the JVM

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    def spawn(self) -> Child:
        data = writable(self.folder / "data")
        settings, logging = self.folder / "server.properties", self.folder / "log4j2.xml"
        guarded = self.guard.properties(self.port, self.controller_port) if self.guard else {}
        more = {**guarded, **self.overrides}
        settings.write_text(server_properties(data, self.port, self.controller_port, more))
        logging.write_text(LOGGING)
        program = java.find()
        options = [*JVM, *(self.more_options or archive.options(program))]
        command = [str(program), *options, f"-Dlog4j2.configurationFile={logging}", "-cp", _class_path()]
        format_once(data, command)
        if was_killed(data):
            controller = self.guard.controller_properties() if self.guard else {}
            fence(self.folder, data, self.controller_port, command, controller)
        self.child = Child(self.name, [*command, "kafka.Kafka", str(settings)], self.log, cwd=self.folder)
        return self.child

    def answers(self) -> bool:
        """It knows itself as a broker: then it is registered, and what it kept on disk is read."""
        return self.port in broker_ports(self.port, self.guard.account() if self.guard else None)


def _class_path() -> str:
    return os.pathsep.join(str(jar) for jar in class_path())
