"""The command `./shop prove`: which cases, with which seed, and where the report goes."""

import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from dev.errors import ShopError
from proofs import page, report
from proofs.cases import CASES, TEETH
from proofs.cases.case import Case
from proofs.run import Options, Outcome, run

T = TypeVar("T")

USUAL = [
    "calm",
    "users-killed",
    "payments-killed",
    "inventories-killed",
    "worker-killed",
    "hub-killed",
    "crash-points",
    "poison",
]
console = Console(width=None if sys.stdout.isatty() else 160)
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command()
def prove(
    cases: Annotated[
        list[str] | None, typer.Argument(metavar="[CASE]...", help="Or `all`. The usual ones if left out.")
    ] = None,
    list_them: Annotated[bool, typer.Option("--list", help="Cases, safeguards and crash points.")] = False,
    seed: Annotated[str | None, typer.Option(help="Of an earlier run: the same calls and faults.")] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SAFEGUARD", help="Turn it off and see its case turn red. Several times, or `all`."
        ),
    ] = None,
    short: Annotated[bool, typer.Option(help="A smaller dose of each case.")] = False,
    minutes: Annotated[float, typer.Option(min=0.1, help="How long `everything` goes on.")] = 5.0,
    as_json: Annotated[Path | None, typer.Option("--json", metavar="FILE")] = None,
    as_html: Annotated[Path | None, typer.Option("--html", metavar="FILE")] = None,
    record: Annotated[
        bool, typer.Option(help="Write the table of docs/guarantees.md, and long runs to proofs/runs.csv.")
    ] = False,
    keep: Annotated[bool, typer.Option(help="Keep the folder with history, logs and what was seen.")] = False,
) -> None:
    """Kill a shop of its own in every way there is, and audit what came out of it."""
    if list_them:
        return report.show_list(console)
    options = Options(seed or secrets.token_hex(4), short, minutes, keep)
    outcomes = _play(_chosen(cases or [], without or []), options)
    report.show(outcomes, options, console)
    if as_json:
        as_json.write_text(report.as_json(outcomes, options))
    if as_html:
        as_html.write_text(page.render(outcomes, options))
    if record:
        report.write_down(outcomes, options)
    if not all(outcome.as_it_must_be for outcome in outcomes):
        raise SystemExit(1)


def _chosen(names: list[str], without: list[str]) -> list[Case]:
    teeth = [tooth.case for tooth in _named(TEETH, without, "safeguard")]
    cases = _named(CASES, names, "case")
    return cases + teeth or [CASES[name] for name in USUAL]


def _named(there: Mapping[str, T], names: list[str], what: str) -> list[T]:
    if names == ["all"]:
        return list(there.values())
    if unknown := [name for name in names if name not in there]:
        raise ShopError(f"no {what} {unknown[0]}; there are: all, {', '.join(there)}")
    return [there[name] for name in names]


def _play(cases: list[Case], options: Options) -> list[Outcome]:
    console.print(f"seed {options.seed}; on this machine alone, in a folder that is gone afterwards")
    if console.is_terminal:
        with console.status("starting") as status:
            return run(cases, options, status.update, lambda outcome: report.tell(outcome, console))
    return run(cases, options, lambda what: None, lambda outcome: report.tell(outcome, console))


def main() -> None:
    try:
        app(prog_name="./shop prove")
    except ShopError as error:
        sys.exit(f"shop: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
