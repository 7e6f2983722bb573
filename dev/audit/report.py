"""What an audit found, for a person (a table, and the first few of what is wrong) and for a program."""

from typing import Any

from rich.console import Console
from rich.table import Table

from dev.audit import ASKED, Report

FEW = 5


def show(report: Report, console: Console) -> None:
    table = Table("check", "looked at", "wrong", box=None, pad_edge=False)
    for finding in report.findings:
        wrong = len(finding.offenders)
        table.add_row(finding.check, f"{finding.looked_at:,}", f"[bold]{wrong:,}[/]" if wrong else "0")
    console.print(table)
    for finding in report.findings:
        for offender in finding.offenders[:FEW]:
            console.print(f"{finding.check}: {offender}", soft_wrap=True, markup=False)
        if len(finding.offenders) > FEW:
            console.print(f"{finding.check}: and {len(finding.offenders) - FEW:,} more", soft_wrap=True)
    console.print(
        f"{report.records:,} records read; of the refused payments at most the latest {ASKED} were asked"
    )
    console.print("all is well" if report.ok else "[bold]not all is well[/]")


def as_json(report: Report) -> dict[str, Any]:
    """The shape is a promise to programs. All offenders, not only the first few."""
    checks = [
        {
            "check": finding.check,
            "looked_at": finding.looked_at,
            "wrong": len(finding.offenders),
            "offenders": list(finding.offenders),
        }
        for finding in report.findings
    ]
    return {"ok": report.ok, "records": report.records, "payments_asked_at_most": ASKED, "checks": checks}
