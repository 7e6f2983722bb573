"""How many may be here at a time, in all and from one address: WebSockets and streams over HTTP together."""

import ipaddress
from collections import Counter
from types import TracebackType

from http_edge import ServiceUnavailable, TooManyRequests

# Seconds. Nobody knows when somebody leaves; who was refused should not ask each second.
RETRY_AFTER = 5
# Bits of an IPv6 address that a provider gives to one customer: the rest are his own to choose.
_HOUSEHOLD = 64


class Seat:
    """Give it back once, at the end; again does nothing. A context manager does so by itself."""

    def __init__(self, seats: "Seats", address: str) -> None:
        self._seats: Seats | None = seats
        self._address = address

    def give_back(self) -> None:
        if self._seats is not None:
            self._seats.free(self._address)
            self._seats = None

    def __enter__(self) -> "Seat":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.give_back()


class Seats:
    """`per_address` 0: an address may have as many as there are."""

    def __init__(self, total: int, per_address: int = 0) -> None:
        self.total, self.per_address = total, per_address
        self._taken: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        return self._taken.total()

    def take(self, address: str) -> Seat:
        """503 if there is none, 429 if this address has too many."""
        if self.taken >= self.total:
            everything = f"All {self.total} places are taken (LOGS_MAX_CLIENTS). Try again later."
            raise ServiceUnavailable(everything, RETRY_AFTER)
        household = _household(address)
        if 0 < self.per_address <= self._taken[household]:
            its_own = f"{self.per_address} places are taken from your address (LOGS_MAX_CLIENTS_PER_ADDRESS)."
            raise TooManyRequests(its_own, RETRY_AFTER)
        self._taken[household] += 1
        return Seat(self, household)

    def free(self, household: str) -> None:
        self._taken[household] -= 1
        if not self._taken[household]:
            del self._taken[household]


def _household(address: str) -> str:
    """An IPv4 address is one, however it is written; of IPv6 addresses, all that one customer has are one."""
    try:
        given = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:  # a test client, a Unix socket
        return address
    if isinstance(given, ipaddress.IPv4Address):
        return str(given)
    if given.ipv4_mapped is not None:
        return str(given.ipv4_mapped)
    return str(ipaddress.ip_network((int(given), _HOUSEHOLD), strict=False))
