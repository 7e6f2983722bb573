"""`./shop bench edge [PART …]`: all parts, or the named ones."""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping

from rich.console import Console
from rich.table import Table

from benchmarks.edge import cost, overload, slow_clients
from benchmarks.hub.found import Found
from benchmarks.running_shop import RunningShop, running_shop

ON_A_SHOP: Mapping[str, Callable[[RunningShop], Iterator[Found]]] = {
    "slow": slow_clients.beside_slow_clients,
    "overload": overload.beyond_capacity,
}
PARTS = ("layers", *ON_A_SHOP)


def found(parts: list[str]) -> Iterator[Found]:
    if "layers" in parts:
        yield from cost.layers()
    if on_a_shop := [ON_A_SHOP[part] for part in parts if part in ON_A_SHOP]:
        with running_shop() as shop:
            for part in on_a_shop:
                yield from part(shop)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="./shop bench edge", description="See benchmarks/README.md.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parts = parser.parse_args(arguments).parts or list(PARTS)
    if unknown := sorted(set(parts) - set(PARTS)):
        parser.error(f"there is no part {unknown[0]}")
    console, table = Console(width=None if sys.stdout.isatty() else 150), Table("what", "measured", "must")
    for row in found(parts):
        console.print(f"{row.what}: {row.measured}", highlight=False)
        table.add_row(row.what, row.measured, row.must)
    console.print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
