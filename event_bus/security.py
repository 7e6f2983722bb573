"""How a client shows a Kafka cluster who it is, and what would give that away.

Secrets come from files and never from the environment, which every child inherits and every crash report shows.
"""

import ipaddress
import re
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]

LEAST_SECRET = 16  # characters; what `./shop up --secure` makes has 43
# What documentation, samples and first tries are full of, whatever stands around it.
_SAMPLE = re.compile(
    r"change.?me|changeit|example|sample|secret|passw|geheim|admin|1234|qwert|letmein", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Access:
    """An account on a cluster, and how the connection is made."""

    protocol: Protocol = "PLAINTEXT"
    mechanism: Mechanism = "SCRAM-SHA-512"
    account: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""

    def options(self) -> dict[str, Any]:
        """What the client library is constructed with, beside the servers."""
        found: dict[str, Any] = {}
        if self.protocol != "PLAINTEXT":
            found["security_protocol"] = self.protocol
        if self.protocol.startswith("SASL"):
            found["sasl_mechanism"] = self.mechanism
            found["sasl_plain_username"], found["sasl_plain_password"] = self.account, self.password
        if self.protocol.endswith("SSL"):
            found["ssl_context"] = ssl.create_default_context(cafile=self.ca_file or None)
        return found


ANYBODY = Access()


def readable(path: str) -> str:
    """ValueError for a file that can't be read or holds nothing. The text does not quote what is in it."""
    if path:
        read(path)
    return path


def read(path: str) -> str:
    """What is in a file, without the line break that editors leave behind it."""
    try:
        found = Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise ValueError("must name a file that can be read") from None
    if not found:
        raise ValueError("must name a file that is not empty")
    return found


def is_sample(secret: str) -> bool:
    """One that was copied from somewhere, or that can be guessed."""
    return len(secret) < LEAST_SECRET or _SAMPLE.search(secret) is not None


def is_loopback(host: str) -> bool:
    """What is said to it leaves this machine on no wire."""
    name = host.strip("[]")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
