"""`--scale`: how many of each service, what the further ones are called, and their ports. It starts nothing."""

import re
from collections.abc import Iterator, Mapping, Sequence

from dev import ports
from dev.errors import ShopError
from dev.services import KINDS, Kind

MOST = 20  # of one service; each takes 50 MB, and beyond six of a consumer there is no partition for it
# Behind the lowest port of a service: the places of --ports-from, among them those of services to come.
RESERVED = 14
_WANTED = re.compile(r"([^=]+)=([0-9]{1,9})")


def counts(given: Sequence[str]) -> dict[str, int]:
    """Of each `SERVICE=NUM`; a name may have the hyphens that it has in containers. Raises ShopError."""
    return dict(_count(text) for text in given)


def _count(text: str) -> tuple[str, int]:
    names = [kind.name for kind in KINDS]
    found = _WANTED.fullmatch(text)
    if found is None:
        raise ShopError(f"--scale {text} is not SERVICE=NUM, like --scale {names[1]}=2")
    name, number = found[1].replace("-", "_"), int(found[2])
    if name not in names:
        raise ShopError(f"--scale {text}: {found[1]} can't be scaled; what can: {', '.join(names)}")
    if not 1 <= number <= MOST:
        raise ShopError(f"--scale {text}: from 1 to {MOST} of {name} can run; ./shop down stops them")
    return name, number


def replicas(kind: Kind, scale: Mapping[str, int]) -> list[str]:
    """`payments_service`, `payments_service-2`, …: the first one has the name and the port that it has alone."""
    return [kind.name, *(f"{kind.name}-{number}" for number in range(2, scale.get(kind.name, 1) + 1))]


def service_of(replica: str) -> str:
    return replica.partition("-")[0]


def further_ports(taken: Mapping[str, int], scale: Mapping[str, int]) -> dict[str, int]:
    """The next free port for each replica that has none yet. `taken`: those of all that has one."""
    free = _free_ports(set(taken.values()), min(taken[kind.name] for kind in KINDS) + RESERVED)
    further = [name for kind in KINDS for name in replicas(kind, scale)[1:]]
    return {name: next(free) for name in further}


def _free_ports(taken: set[int], first: int) -> Iterator[int]:
    for port in range(first, 65536):
        if port not in taken and not ports.is_taken(port):
            yield port
    raise ShopError(
        f"no port above {first} is free for a replica: take lower ones, ./shop up --ports-from 4000"
    )
