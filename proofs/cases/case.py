"""What a case is."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from proofs.arena import ALL
from proofs.stage import Stage

Act = Callable[[Stage], Awaitable[None]]


@dataclass(frozen=True)
class Case:
    """`act` does what `sentence` says. `settings` go to every process; `services` are there when it begins.

    `proxied`: between them and Kafka, and between them and the database, there is a proxy that can fail.

    `without` names a safeguard that is switched off; then the check `reddens` must find something.
    """

    name: str
    sentence: str
    act: Act
    settings: Mapping[str, str] = field(default_factory=dict)
    services: Sequence[str] = ALL
    watchers: int = 2
    proxied: bool = False
    without: str = ""
    reddens: str = ""


@dataclass(frozen=True)
class Tooth:
    """A safeguard that can be switched off, the case that must turn red then, and the check that must find it."""

    safeguard: str
    sentence: str
    made_for: Case
    reddens: str

    @property
    def case(self) -> Case:
        return replace(self.made_for, without=self.safeguard, reddens=self.reddens)
