"""`./shop bench hub [ROW …] [--picture FILE]`: all rows, or those with these numbers."""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from rich.console import Console

from benchmarks.hub import fanout, filtered, from_kafka, memory, picture
from benchmarks.hub.found import Found, Series, table
from dev.paths import ROOT

Row = Callable[[], Iterator[Found | Series]]
ROWS: Mapping[int, Row] = {
    1: fanout.delivery_cost,
    2: fanout.saturated,
    3: fanout.latency,
    4: memory.deaf,
    5: from_kafka.killed,
    6: from_kafka.slow,
    7: memory.idle,
    8: filtered.filters,
    9: from_kafka.backlog,
    10: from_kafka.attacked,
    11: fanout.curves,
}
PICTURE = ROOT / ".shop" / "bench-hub.svg"


def main(arguments: list[str], rows: Mapping[int, Row] = ROWS) -> None:
    chosen = _chosen(arguments, rows)
    console = Console(width=None if sys.stdout.isatty() else 160)
    found, series = table(), []
    for number in dict.fromkeys(chosen.rows or rows):
        for each in rows[number]():
            if isinstance(each, Series):
                series.append(each)
            else:
                console.print(f"{number:2} {each.what}: {each.measured}", highlight=False)
                found.add_row(str(number), each.what, each.measured, each.must, each.aim)
    console.print(found)
    if series:
        chosen.picture.parent.mkdir(parents=True, exist_ok=True)
        chosen.picture.write_text(picture.svg(series), encoding="utf-8")
        console.print(f"picture: {chosen.picture}")


def _chosen(arguments: list[str], rows: Mapping[int, Row]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./shop bench hub", description="The log hub; see benchmarks/README.md."
    )
    parser.add_argument("rows", nargs="*", type=int, metavar="ROW", help=f"of {', '.join(map(str, rows))}")
    parser.add_argument("--picture", type=Path, default=PICTURE, help="where the picture goes (SVG)")
    chosen = parser.parse_args(arguments)
    if unknown := sorted(set(chosen.rows) - rows.keys()):
        parser.error(f"there is no row {unknown[0]}")
    return chosen


if __name__ == "__main__":
    main(sys.argv[1:])
