"""What a replay found, for a program and for a person."""

from typing import Any

from dev.replay.comparison import SHOWN, VERDICTS, Example, Verdict
from dev.replay.replaying import Report
from dev.tail.showing import legible

MEANT: dict[Verdict, str] = {
    "different": "the first time → again",
    "missing": "was not told the first time",
    "extra": "was told the first time, and is not any more",
}


def as_json(report: Report) -> dict[str, Any]:
    """The shape is a promise to programs. `not_the_same` holds the first ones of each kind."""
    return {
        "ok": report.ok,
        "service": report.service,
        "records": report.records,
        "events": report.lines,
        "dead_letters": report.letters,
        "not_the_same": [_example(example) for example in report.examples],
        "kept": list(report.kept),
    }


def _example(example: Example) -> dict[str, Any]:
    pairs = {name: {"first": first, "again": again} for name, (first, again) in example.fields.items()}
    return {"id": example.name, "verdict": example.verdict, "fields": pairs}


def lines(report: Report, since: str) -> list[str]:
    shown = [line for example in report.examples for line in _of(example)]
    if len(report.examples) < sum(
        count for counts in (report.lines, report.letters) for count in _others(counts)
    ):
        shown.append(f"… and others: the first {SHOWN} of each kind are shown")
    kept = [f"kept for a week: {', '.join(report.kept)}"] if report.kept else []
    return [
        f"{report.service} handled {report.records:,} records again, from {since}",
        f"events        {_counts(report.lines)}",
        f"dead letters  {_counts(report.letters)}",
        *shown,
        *kept,
    ]


def _counts(counts: dict[Verdict, int]) -> str:
    return ", ".join(f"{counts[verdict]:,} {verdict}" for verdict in VERDICTS)


def _others(counts: dict[Verdict, int]) -> list[int]:
    return [counts[verdict] for verdict in VERDICTS[1:]]


def _of(example: Example) -> list[str]:
    """A difference field by field; of what one side lacks its message, or why it is a letter."""
    head = f"{example.verdict} {legible(example.name)}: {MEANT[example.verdict]}"
    fields = example.fields
    if example.verdict != "different":
        fields = {name: pair for name, pair in fields.items() if name in ("message", "dlq_reason")}
    return [head, *(f"  {legible(name)}: {_pair(pair)}" for name, pair in fields.items())]


def _pair(pair: tuple[str, str]) -> str:
    return legible(" → ".join(repr(text) for text in pair if text) or "''")
