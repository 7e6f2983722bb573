"""Guessing passwords is made slow: after some failed logins each further one costs an account or an address a pause.

Nobody is locked out for long: a pause is a minute at most, and a quarter of an hour forgets what was. Knows no HTTP.
"""

import math
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Protocol

LONGEST_PAUSE = 60.0  # seconds
DOUBLINGS = 6  # from one second to more than that


@dataclass(frozen=True, slots=True)
class Limit:
    """So many failures within so many seconds are nobody's fault; 0 failures: no limit."""

    failures: int
    window: float

    @property
    def remembered(self) -> int:
        """More failures would not make the pause longer."""
        return self.failures + DOUBLINGS

    def pause(self, times: Sequence[float], now: float) -> float:
        """Seconds until the next attempt, after failures at these times (the oldest first): 1, 2, 4 … 60."""
        recent = [time for time in times if now - time < self.window]
        if not self.failures or len(recent) < self.failures:
            return 0.0
        pause = min(LONGEST_PAUSE, 2.0 ** (len(recent) - self.failures))
        return max(0.0, recent[-1] + pause - now)


class Failures(Protocol):
    """Where the times are, shared by all replicas. Each call may raise DatabaseUnavailable."""

    async def of(self, whose: Collection[str]) -> Mapping[str, Sequence[float]]: ...

    async def note(self, whose: Mapping[str, int], now: float) -> None:
        """Keeps the latest so many of each."""
        ...

    async def forget(self, whose: str) -> None: ...


class Throttle:
    """How many failures an account and an address may have."""

    def __init__(self, failures: Failures, account: Limit, address: Limit) -> None:
        self._failures, self._account, self._address = failures, account, address

    def attempt(self, account: str, address: str) -> "Attempt":
        """An account that does not exist is treated like one that does."""
        who = f"account {account}"
        limits = {who: self._account, f"address {household(address)}": self._address}
        return Attempt(self._failures, who, {name: limit for name, limit in limits.items() if limit.failures})


class Attempt:
    """One login: asked before the password is looked at, and told how that ended."""

    def __init__(self, failures: Failures, account: str, limits: Mapping[str, Limit]) -> None:
        self._failures, self._account, self._limits = failures, account, limits
        self._found: Mapping[str, Sequence[float]] = {}

    async def pause(self) -> int:
        """Whole seconds to wait, 0 if it may go on."""
        if not self._limits:
            return 0
        self._found, now = await self._failures.of(self._limits.keys()), time.time()
        return math.ceil(
            max(limit.pause(self._found.get(name, ()), now) for name, limit in self._limits.items())
        )

    async def failed(self) -> None:
        if self._limits:
            kept = {name: limit.remembered for name, limit in self._limits.items()}
            await self._failures.note(kept, time.time())

    async def succeeded(self) -> None:
        """Whoever knows the password was not guessing. His address stays suspect: it may have other accounts."""
        if self._account in self._found:
            await self._failures.forget(self._account)


def household(address: str) -> str:
    """Who has one IPv6 address has the 2⁶⁴ beside it as well; a mapped IPv4 one is what it maps."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    return str(found.ipv4_mapped or ip_network((found, 64), strict=False))
