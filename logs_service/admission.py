"""Who may see lines: `Host` and `Origin` of the request, an access token if one is asked for, and a free seat.

The same for WebSockets and for HTTP. A browser lets any page open a WebSocket to localhost, or read a stream there.
The Origin rule keeps foreign pages out, the Host rule those that had their own name resolved to 127.0.0.1 (DNS
rebinding). Programs send no Origin and are welcome.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from http_edge import BadRequest, Problem, TokenChecker, Unauthorized, bearer_token_of
from logs_service.seats import Seats

ANY = "*"
_TOKEN = "access_token="

# Pages of an extension that the user installed; no web site can have such an origin.
_EXTENSIONS = frozenset({"chrome-extension", "moz-extension", "safari-web-extension"})


@dataclass(frozen=True, slots=True)
class Admission:
    """`hosts` and `origins` are allowed beside this machine's own names; `*` allows all. No `tokens`: none needed."""

    seats: Seats
    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    tokens: TokenChecker | None = None

    def check_names(self, hosts: Sequence[str], origins: Sequence[str]) -> None:
        """With the values of these headers. Problem 421 or 403."""
        host = _host_name("//" + hosts[0]) if len(hosts) == 1 else ""
        if not self._known_host(host):
            raise Problem(421, "This Host is not in LOGS_ALLOWED_HOSTS.")
        if not all(self._known_origin(origin, host) for origin in origins):
            raise Problem(403, "This Origin is not in LOGS_ALLOWED_ORIGINS.")

    async def check_token(self, authorizations: Sequence[str], of_query: Sequence[str]) -> None:
        """Problem 401, or 503 if the keys can't be read now: it waits a second for them."""
        if self.tokens is None:
            return
        of_header = bearer_token_of(authorizations)
        given = [*of_query, *([] if of_header is None else [of_header])]
        if not given:
            raise Unauthorized(
                "The lines are shown to who has an access token: users_service gives one at /login."
            )
        if len(given) > 1:  # RFC 6750 §2
            raise BadRequest("There is more than one access token.")
        await self.tokens.check(given[0])

    def _known_host(self, host: str) -> bool:
        return _is_local_name(host) or _is_address(host) or bool(self.hosts & {host, ANY})

    def _known_origin(self, origin: str, host: str) -> bool:
        name = _host_name(origin)
        same = name != "" and (name == host or (_is_loopback(name) and _is_loopback(host)))
        return same or origin.partition(":")[0] in _EXTENSIONS or bool(self.origins & {origin, ANY})


def take_out_tokens(query: str) -> tuple[str, list[str]]:
    """The rest of a query, in which nobody can log or repeat a token, and the tokens (RFC 6750 §2.3)."""
    parts = query.split("&")
    tokens = [unquote(part.removeprefix(_TOKEN)) for part in parts if part.startswith(_TOKEN)]
    return "&".join(part for part in parts if not part.startswith(_TOKEN)), tokens


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
