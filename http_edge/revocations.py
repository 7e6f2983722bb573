"""Whose tokens are refused before they expire. In memory; where it is kept and how it travels is not known here.

Each token says to which generation of its user's tokens it belongs. A revocation names the first one that counts: so
a new token counts at once, whatever the clocks say, and one entry a user is enough. An entry is forgotten when all
that it refuses has expired: there are as many as users who logged out within the life of a token, and each of them
had to prove a password before.
"""

import time
from typing import NamedTuple

from prometheus_client import Gauge

from http_edge.tokens import Claims

SWEEP_SECONDS = 60.0  # at most that often, what refuses no token any more is forgotten

REVOKED = Gauge("identity_revocations", "users of whom earlier tokens are refused until they expire")


class _Revoked(NamedTuple):
    generation: int  # the first one that counts
    until: int  # seconds since 1970


class Revocations:
    """`is_complete`: all that was revoked before this process began is known. Until then no token can be judged."""

    def __init__(self) -> None:
        self._of: dict[str, _Revoked] = {}
        self._swept = 0.0
        self.is_complete = False

    def __len__(self) -> int:
        return len(self._of)

    def complete(self) -> None:
        self.is_complete = True

    def apply(self, user: str, generation: int, until: int) -> bool:
        """False if it says nothing new: it is over, or an equal or later one is known."""
        now = time.time()
        known = self._of.get(user)
        if until < now or (known is not None and known.generation >= generation):
            return False
        self._of[user] = _Revoked(generation, until)
        self._sweep(now)
        return True

    def refuse(self, claims: Claims) -> bool:
        revoked = self._of.get(claims.subject)
        return revoked is not None and claims.generation < revoked.generation

    def _sweep(self, now: float) -> None:
        if now - self._swept > SWEEP_SECONDS:
            self._swept = now
            self._of = {user: revoked for user, revoked in self._of.items() if revoked.until >= now}
        REVOKED.set(len(self._of))
