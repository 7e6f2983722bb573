"""Whom a service for this machine answers: by the `Host` and the `Origin` of a request.

A browser lets any page open a WebSocket to localhost, or read a stream there. The Origin rule keeps foreign pages
out, the Host rule those that had their own name resolved to 127.0.0.1 (DNS rebinding). Programs send no Origin and
are welcome.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from http_edge.errors import Problem

ANY = "*"

# Pages of an extension that the user installed; no web site can have such an origin.
_EXTENSIONS = frozenset({"chrome-extension", "moz-extension", "safari-web-extension"})


@dataclass(frozen=True, slots=True)
class KnownNames:
    """`hosts` and `origins` are allowed beside this machine's own names; `*` allows all.

    `setting` is where they stand: `LOGS_ALLOWED` for LOGS_ALLOWED_HOSTS and LOGS_ALLOWED_ORIGINS.
    """

    setting: str
    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()

    def check(self, hosts: Sequence[str], origins: Sequence[str]) -> None:
        """With the values of these headers. Problem 421 or 403."""
        host = _host_name("//" + hosts[0]) if len(hosts) == 1 else ""
        if not self._known_host(host):
            raise Problem(421, f"This Host is not in {self.setting}_HOSTS.")
        if not all(self._known_origin(origin, host) for origin in origins):
            raise Problem(403, f"This Origin is not in {self.setting}_ORIGINS.")

    def _known_host(self, host: str) -> bool:
        return _is_local_name(host) or _is_address(host) or bool(self.hosts & {host, ANY})

    def _known_origin(self, origin: str, host: str) -> bool:
        name = _host_name(origin)
        same = name != "" and (name == host or (_is_loopback(name) and _is_loopback(host)))
        return same or origin.partition(":")[0] in _EXTENSIONS or bool(self.origins & {origin, ANY})


def _host_name(url: str) -> str:
    """In lower case; empty if there is none or if what is around it is no `host:port`."""
    try:
        parts = urlsplit(url)
        plain = parts.username is None and (parts.port is None or parts.port > 0)
        return (parts.hostname or "").rstrip(".") if plain else ""
    except ValueError:  # a port that is no number, a bracket that does not close
        return ""


def _is_local_name(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost")  # RFC 6761: never anybody else's


def _is_address(host: str) -> bool:
    """Whoever typed an address was not sent here by a name server."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return _is_local_name(host) or (_is_address(host) and ipaddress.ip_address(host).is_loopback)
