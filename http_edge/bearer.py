"""The Authorization header, and the one case in which a check has to wait: a key that is not known yet."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request

from http_edge.errors import InvalidToken, ServiceUnavailable, Unauthorized, UnknownKey
from http_edge.keys import KeyRing
from http_edge.tokens import LEEWAY, Claims, verify

# RFC 6750 §2.1; the scheme is case-insensitive (RFC 9110 §11.1).
_BEARER = re.compile(r"bearer +([A-Za-z0-9\-._~+/]+=*)", re.ASCII | re.IGNORECASE)
CATCH_UP_DEADLINE = 1.0  # seconds: reading a topic of a few keys to its end takes some milliseconds


def bearer_token(request: Request) -> str | None:
    return bearer_token_of(request.headers.getlist("authorization"))


def bearer_token_of(given: Sequence[str]) -> str | None:
    """Of the values of this header. None only without it; anything but exactly one `Bearer TOKEN` is a 401."""
    if not given:
        return None
    found = _BEARER.fullmatch(given[0]) if len(given) == 1 else None
    if found is None:
        raise invalid("The Authorization header is not one `Bearer TOKEN`.")
    return found[1]


def invalid(detail: str) -> Unauthorized:
    return Unauthorized(detail, error="invalid_token")


class TokenChecker:
    """Checks tokens; `catch_up` reads the published keys to their end and returns False if it can't.

    However many tokens with unknown keys come in at once, one `catch_up` runs at a time and they share it.
    """

    def __init__(
        self,
        keys: KeyRing,
        catch_up: Callable[[], Awaitable[bool]],
        *,
        issuer: str,
        audience: str,
        leeway: int = LEEWAY,
    ) -> None:
        self.keys = keys
        self.catch_up = catch_up
        self.issuer, self.audience, self.leeway = issuer, audience, leeway
        self._running: asyncio.Task[bool] | None = None

    async def claims(self, request: Request) -> Claims | None:
        """None without an Authorization header; 401 for any defect; 503 if the keys can't be read now."""
        token = bearer_token(request)
        return None if token is None else await self.check(token)

    async def check(self, token: str) -> Claims:
        try:
            return self._verified(token)
        except UnknownKey as unknown:
            await self._look_for(unknown.kid)
        except InvalidToken as defect:
            raise invalid(_sentence(defect)) from None
        try:
            return self._verified(token)
        except InvalidToken as defect:
            raise invalid(_sentence(defect)) from None

    def _verified(self, token: str) -> Claims:
        return verify(token, self.keys, issuer=self.issuer, audience=self.audience, leeway=self.leeway)

    async def _look_for(self, kid: str) -> None:
        """A catch-up that began before we came may have missed the key: then one more, which began after."""
        earlier = self._running
        if earlier is not None and not earlier.done():
            await asyncio.shield(earlier)
            if kid in self.keys:
                return
        if self._running is earlier or self._running is None:
            self._running = asyncio.create_task(self._caught_up())
        if not await asyncio.shield(self._running):
            raise ServiceUnavailable("The keys that tokens are checked with can't be read now. Try again.")

    async def _caught_up(self) -> bool:
        try:
            async with asyncio.timeout(CATCH_UP_DEADLINE):
                return await self.catch_up()
        except TimeoutError:
            return False


def _sentence(defect: InvalidToken) -> str:
    text = str(defect)
    return f"{text[:1].upper()}{text[1:]}."
