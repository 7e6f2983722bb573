"""Who may open a WebSocket: the path, `Host` and `Origin` of the request, and how many are here already.

A browser lets any page open a WebSocket to localhost. The Origin rule keeps foreign pages out, the Host rule
those that had their own name resolved to 127.0.0.1 (DNS rebinding). Programs send no Origin and are welcome.
"""

import ipaddress
import json
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from websockets.datastructures import Headers

ANY = "*"

# Pages of an extension that the user installed; no web site can have such an origin.
_EXTENSIONS = frozenset({"chrome-extension", "moz-extension", "safari-web-extension"})


@dataclass(frozen=True, slots=True)
class Refusal:
    status: HTTPStatus
    reason: str

    def problem(self) -> str:
        """RFC 9457."""
        members = {"type": "about:blank", "title": self.status.phrase, "status": self.status}
        return json.dumps({**members, "detail": self.reason})


@dataclass(frozen=True, slots=True)
class Admission:
    """`hosts` and `origins` are allowed beside this machine's own names; `*` allows all."""

    max_clients: int
    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()

    def refusal(self, path: str, headers: Headers, clients: int) -> Refusal | None:
        """Why this request is not let in, or None."""
        if path.partition("?")[0] != "/":
            return Refusal(HTTPStatus.NOT_FOUND, "the log lines are at /")
        hosts = headers.get_all("Host")
        host = _host_name("//" + hosts[0]) if len(hosts) == 1 else ""
        if not self._known_host(host):
            return Refusal(HTTPStatus.MISDIRECTED_REQUEST, "this Host is not in LOGS_ALLOWED_HOSTS")
        if not all(self._known_origin(origin, host) for origin in headers.get_all("Origin")):
            return Refusal(HTTPStatus.FORBIDDEN, "this Origin is not in LOGS_ALLOWED_ORIGINS")
        if clients >= self.max_clients:
            taken = f"all {self.max_clients} places are taken (LOGS_MAX_CLIENTS)"
            return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, taken)
        return None

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
