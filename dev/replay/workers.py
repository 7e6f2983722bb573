"""Which services are workers, and their tables. It loads the code of the services, as `dev.docs.tables` does."""

from collections.abc import Sequence
from importlib import import_module

from dev.errors import ShopError
from dev.services import KINDS
from event_bus import On


def worker(service: str) -> tuple[str, Sequence[On]]:
    """Its name and what it consumes. Raises ShopError."""
    names = [kind.name for kind in KINDS]
    name = service.replace("-", "_")
    if name not in names:
        raise ShopError(f"there is no service {service}; what can be replayed: {', '.join(_workers(names))}")
    table = _table(name)
    if not table:
        raise ShopError(
            f"{name} is no worker, which makes events of events and keeps nothing: "
            f"what can be replayed: {', '.join(_workers(names))}"
        )
    return name, table


def _workers(names: Sequence[str]) -> list[str]:
    return [name for name in names if _table(name)]


def _table(name: str) -> Sequence[On]:
    rows = getattr(import_module(f"{name}.app"), "CONSUMES", ())
    return rows if all(isinstance(row, On) for row in rows) else ()
