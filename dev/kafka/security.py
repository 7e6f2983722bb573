"""What makes the broker ask who somebody is, and refuse what was not allowed: its settings, over the usual ones.

Services show themselves by SCRAM, with accounts that kafka_init makes. There is one account before all of them, the
broker's own, by which it speaks to itself and kafka_init and ./shop speak to it: it can't lie among those that it
guards, so it stands in the settings (PLAIN), as the name of a file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ADMIN = "admin"
_LISTENER = "sasl_plaintext"


@dataclass(frozen=True, slots=True)
class Guard:
    """`password`: the file with that of the administrator."""

    password: Path

    def account(self) -> tuple[str, str]:
        return ADMIN, self.password.read_text()

    def properties(self, port: int, controller_port: int) -> Mapping[str, str]:
        broker = f"SASL_PLAINTEXT://127.0.0.1:{port}"
        return {
            **self.controller_properties(),
            "listener.security.protocol.map": "CONTROLLER:SASL_PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT",
            "listeners": f"{broker},CONTROLLER://127.0.0.1:{controller_port}",
            "advertised.listeners": broker,
            "inter.broker.listener.name": "SASL_PLAINTEXT",
            "sasl.mechanism.inter.broker.protocol": "PLAIN",
            f"listener.name.{_LISTENER}.sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
            f"listener.name.{_LISTENER}.plain.sasl.jaas.config": self._plain(),
            f"listener.name.{_LISTENER}.scram-sha-512.sasl.jaas.config": (
                "org.apache.kafka.common.security.scram.ScramLoginModule required;"
            ),
        }

    def controller_properties(self) -> Mapping[str, str]:
        """Also of a node that is a controller alone for a moment: nobody may make himself rights meanwhile."""
        return {
            "listener.security.protocol.map": "CONTROLLER:SASL_PLAINTEXT",
            "sasl.mechanism.controller.protocol": "PLAIN",
            "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
            "listener.name.controller.plain.sasl.jaas.config": self._plain(),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": f"User:{ADMIN}",
            "allow.everyone.if.no.acl.found": "false",
            "config.providers": "files",
            "config.providers.files.class": "org.apache.kafka.common.config.provider.DirectoryConfigProvider",
        }

    def _plain(self) -> str:
        """The broker as a server, which knows one account, and as its own client."""
        secret = f"${{files:{self.password.parent}:{self.password.name}}}"
        module = "org.apache.kafka.common.security.plain.PlainLoginModule required"
        return f'{module} username="{ADMIN}" password="{secret}" user_{ADMIN}="{secret}";'
