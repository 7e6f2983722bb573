"""The Authorization header, and the one case in which a check has to wait: a key that is not known yet."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request

from http_edge.errors import InvalidToken, ServiceUnavailable, Unauthorized, UnknownKey
from http_edge.keys import KeyRing
from http_edge.revocations import Revocations
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


def revoked() -> Unauthorized:
    return invalid("The user of this token has logged out since: log in again.")


class TokenChecker:
    """Checks tokens; `catch_up` reads published keys and revocations to their end and returns False if it can't.

    However many tokens with unknown keys come in at once, one `catch_up` runs at a time and they share it.
    `revocations`: without them, whoever asks looks himself whether a token was revoked.
    """

    def __init__(
        self,
        keys: KeyRing,
        catch_up: Callable[[], Awaitable[bool]],
        *,
        issuer: str,
        audience: str,
        leeway: int = LEEWAY,
        revocations: Revocations | None = None,
    ) -> None:
        self.keys = keys
        self.revocations = revocations
        self.catch_up = catch_up
        self.issuer, self.audience, self.leeway = issuer, audience, leeway
        self._running: asyncio.Task[bool] | None = None

    async def claims(self, request: Request) -> Claims | None:
        """None without an Authorization header; 401 for any defect; 503 if the keys can't be read now."""
        token = bearer_token(request)
        return None if token is None else await self.check(token)

    async def check(self, token: str) -> Claims:
        claims = await self._signed(token)
        if self.revocations is not None:
            await self._know_all(self.revocations)
            if self.revocations.refuse(claims):
                raise revoked()
        return claims

    async def _signed(self, token: str) -> Claims:
        try:
            return self._verified(token)
        except UnknownKey as unknown:
            kid = unknown.kid
            await self._read_until(lambda: kid in self.keys)
        except InvalidToken as defect:
            raise invalid(_sentence(defect)) from None
        try:
            return self._verified(token)
        except InvalidToken as defect:
            raise invalid(_sentence(defect)) from None

    def _verified(self, token: str) -> Claims:
        return verify(token, self.keys, issuer=self.issuer, audience=self.audience, leeway=self.leeway)

    async def _know_all(self, revocations: Revocations) -> None:
        """A process that has just started, and kept nothing, lets nobody in before it knows who logged out."""
        if not revocations.is_complete:
            await self._read_until(lambda: revocations.is_complete)
            revocations.complete()

    async def _read_until(self, known: Callable[[], bool]) -> None:
        """A catch-up that began before we came may have missed it: then one more, which began after."""
        earlier = self._running
        if earlier is not None and not earlier.done():
            await asyncio.shield(earlier)
            if known():
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
