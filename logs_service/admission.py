"""Who may see lines: `Host` and `Origin` of the request, an access token if one is asked for, and a free seat.

The same for WebSockets and for HTTP.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from http_edge import BadRequest, KnownNames, TokenChecker, Unauthorized, bearer_token_of
from logs_service.seats import Seats

_TOKEN = "access_token="


@dataclass(frozen=True, slots=True)
class Admission:
    """`hosts` and `origins` are allowed beside this machine's own names; `*` allows all. No `tokens`: none needed."""

    seats: Seats
    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    tokens: TokenChecker | None = None

    def check_names(self, hosts: Sequence[str], origins: Sequence[str]) -> None:
        """With the values of these headers. Problem 421 or 403."""
        KnownNames("LOGS_ALLOWED", self.hosts, self.origins).check(hosts, origins)

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


def take_out_tokens(query: str) -> tuple[str, list[str]]:
    """The rest of a query, in which nobody can log or repeat a token, and the tokens (RFC 6750 §2.3)."""
    parts = query.split("&")
    tokens = [unquote(part.removeprefix(_TOKEN)) for part in parts if part.startswith(_TOKEN)]
    return "&".join(part for part in parts if not part.startswith(_TOKEN)), tokens
