"""What the cases found: a table for a person, JSON for a program, the table of docs/guarantees.md, long runs."""

import csv
import json
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from dev.paths import ROOT
from event_bus.crash_points import CrashPoint
from proofs.audit import CHECKS
from proofs.cases import CASES, TEETH
from proofs.cases.crashes import PLACES
from proofs.demands import Demand
from proofs.run import Options, Outcome

FEW = 5  # of what breaks a check are shown; all of it is in the JSON
RUNS = ROOT / "proofs" / "runs.csv"
GUARANTEES = ROOT / "docs" / "guarantees.md"
BEGIN, END = "<!-- cases -->", "<!-- end of cases -->"


def tell(outcome: Outcome, console: Console) -> None:
    """One line as soon as a case is over."""
    console.print(
        f"{'ok ' if outcome.as_it_must_be else 'BAD'} {outcome.case.name} ({outcome.seconds:.0f} s)"
    )


def show(outcomes: Sequence[Outcome], options: Options, console: Console) -> None:
    """Zeros are what is wanted; with a safeguard off it is the other way round."""
    table = Table(*HEAD, box=None, pad_edge=False)
    for outcome in outcomes:
        table.add_row(*row(outcome), style=None if outcome.as_it_must_be else "bold red")
    console.print(table)
    _show_demands(outcomes, console)
    for outcome in outcomes:
        for check, offenders in outcome.verdict.offenders.items():
            for offender in offenders[:FEW]:
                console.print(f"{named(outcome)}: {check}: {offender}", markup=False, soft_wrap=True)
            if len(offenders) > FEW:
                console.print(f"{named(outcome)}: {check}: and {len(offenders) - FEW:,} more")
    console.print(_conclusion(outcomes, options))


def _show_demands(outcomes: Sequence[Outcome], console: Console) -> None:
    """What cases hold against the shop besides the zeros, each a row; red when it did not hold."""
    table = Table("case", "must hold besides", "measured", box=None, pad_edge=False)
    for outcome in outcomes:
        for demand in outcome.demands:
            table.add_row(*demand_row(outcome, demand), style=None if demand.held else "bold red")
    if table.row_count:
        console.print(table)


def show_list(console: Console) -> None:
    for case in CASES.values():
        console.print(f"{case.name:20} {case.sentence}", soft_wrap=True, markup=False)
    console.print(
        f"{'model':20} thousands of short stories on the same code, without a broker (docs/model.md)"
    )
    console.print("\nsafeguards, for --without:")
    for name, tooth in TEETH.items():
        console.print(f"{name:20} {tooth.sentence} ({tooth.made_for.name})", soft_wrap=True, markup=False)
    console.print("\ncrash points:")
    for point in CrashPoint:
        where = ", ".join(service for service, points in PLACES.items() if point in points)
        console.print(f"{point.name:20} {point.value} ({where})", soft_wrap=True, markup=False)


def as_json(outcomes: Sequence[Outcome], options: Options) -> str:
    """The shape is a promise to programs."""
    told = {
        "seed": options.seed,
        "short": options.short,
        "ok": all(outcome.as_it_must_be for outcome in outcomes),
        "cases": [_told(outcome) for outcome in outcomes],
    }
    return json.dumps(told, indent=1)


def write_down(outcomes: Sequence[Outcome], options: Options) -> None:
    """The rows of what was played now; those of other cases stay as they were."""
    _write_table(outcomes, options)
    for outcome in outcomes:
        if outcome.case is CASES["everything"]:
            _append_run(outcome, options)


HEAD = ["case", "calls", "faults", "bit", *CHECKS, "lag p50", "p99", "seconds"]


def row(outcome: Outcome) -> list[str]:
    bit = sum(1 for fault in outcome.faults if fault.bit)
    verdict = outcome.verdict
    return [
        named(outcome),
        f"{sum(outcome.outcomes.values()):,}",
        str(len(outcome.faults)),
        str(bit),
        *(f"{len(verdict.offenders[check]):,}" for check in CHECKS),
        f"{verdict.lag(0.5) * 1000:,.0f} ms" if verdict.lags else "",
        f"{verdict.lag(0.99) * 1000:,.0f} ms" if verdict.lags else "",
        f"{outcome.seconds:.0f}",
    ]


def demand_row(outcome: Outcome, demand: Demand) -> list[str]:
    return [named(outcome), demand.what, demand.measured + ("" if demand.held else " (NOT held)")]


def named(outcome: Outcome) -> str:
    return outcome.case.name + (f" without {outcome.case.without}" if outcome.case.without else "")


def _conclusion(outcomes: Sequence[Outcome], options: Options) -> str:
    names = [f"--without {o.case.without}" if o.case.without else o.case.name for o in outcomes]
    again = f"./shop prove {' '.join(names)} --seed {options.seed}{' --short' if options.short else ''}"
    if wrong := [named(outcome) for outcome in outcomes if not outcome.as_it_must_be]:
        return (
            f"NOT as it must be: {', '.join(wrong)}; to see it again, and keep what is needed: {again} --keep"
        )
    if all(outcome.case.without for outcome in outcomes):
        return f"red, as it must be with a safeguard off; again: {again}"
    return (
        f"no accepted request lost, doubled or reordered under these faults, with one broker; again: {again}"
    )


def _told(outcome: Outcome) -> dict[str, Any]:
    return {
        "case": outcome.case.name,
        "without": outcome.case.without or None,
        "sentence": outcome.case.sentence,
        "ok": outcome.as_it_must_be,
        "seconds": round(outcome.seconds, 1),
        "operations": dict(outcome.outcomes),
        "faults": [
            {"second": round(fault.time - outcome.begun, 2), "what": fault.what, "bit": bool(fault.bit)}
            for fault in outcome.faults
        ],
        "offenders": {check: list(found) for check, found in outcome.verdict.offenders.items()},
        "demands": [asdict(demand) for demand in outcome.demands],
        "lag": {"p50": outcome.verdict.lag(0.5), "p99": outcome.verdict.lag(0.99)},
    }


def _write_table(outcomes: Sequence[Outcome], options: Options) -> None:
    text = GUARANTEES.read_text()
    before, _, rest = text.partition(BEGIN)
    old, _, after = rest.partition(END)
    rows = dict.fromkeys(CASES, "")
    rows |= {line.split("|")[1].strip(" `"): line for line in old.splitlines() if line.startswith("| `")}
    rows |= {outcome.case.name: _line(outcome, options) for outcome in outcomes if not outcome.case.without}
    head = [
        "case",
        "what happens",
        "calls",
        "faults that bit",
        "wrong",
        "lag p50 / p99",
        "seed, day",
        "besides",
    ]
    lines = [f"| {' | '.join(head)} |", "|" + " --- |" * len(head), *filter(None, rows.values())]
    GUARANTEES.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{after}")


def _line(outcome: Outcome, options: Options) -> str:
    wrong = sum(map(len, outcome.verdict.offenders.values()))
    lag = f"{outcome.verdict.lag(0.5) * 1000:,.0f} / {outcome.verdict.lag(0.99) * 1000:,.0f} ms"
    cells = [
        f"`{outcome.case.name}`",
        outcome.case.sentence,
        f"{sum(outcome.outcomes.values()):,}",
        f"{sum(1 for fault in outcome.faults if fault.bit)} of {len(outcome.faults)}",
        str(wrong),
        lag if outcome.verdict.lags else "",
        f"{options.seed}, {datetime.now(UTC):%Y-%m-%d}",
        "; ".join(f"{demand.what}: {demand.measured}" for demand in outcome.demands),
    ]
    return f"| {' | '.join(cells)} |"


def _append_run(outcome: Outcome, options: Options) -> None:
    with RUNS.open("a", newline="") as runs:
        csv.writer(runs).writerow(
            [
                f"{datetime.now(UTC):%Y-%m-%d}",
                options.seed,
                options.minutes,
                sum(outcome.outcomes.values()),
                len(outcome.faults),
                sum(1 for fault in outcome.faults if fault.bit),
                "clean" if outcome.verdict.clean else "broken",
                f"{platform.system()} {platform.machine()}",
            ]
        )
