"""The report as one HTML file that needs nothing else: a table, and for each case its faults over calls and lag."""

import html
from collections.abc import Iterator, Sequence

from proofs.audit import CHECKS
from proofs.report import HEAD, as_json, named, row
from proofs.run import Options, Outcome

WIDTH, HEIGHT = 960, 120  # of a timeline, in its own units: the page scales it
STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .2rem .5rem; border-bottom: 1px solid #8886; }
th:first-child, td:first-child { text-align: left; }
.bad { color: #c00; font-weight: bold; }
@media (prefers-color-scheme: dark) { .bad { color: #f88; } }
.table { overflow-x: auto; }
svg { width: 100%; height: auto; background: #8881; }
.calls { fill: #4a90d9; } .lag { fill: none; stroke: #e08a00; stroke-width: 1.5; }
.bit { stroke: #c00; } .missed { stroke: #888; stroke-dasharray: 3; }
"""


def render(outcomes: Sequence[Outcome], options: Options) -> str:
    """UTF-8; opens from the file system and loads nothing."""
    good = all(outcome.as_it_must_be for outcome in outcomes)
    title = f"./shop prove, seed {options.seed}: {'as promised' if good else 'NOT as promised'}"
    body = [f"<h1>{_text(title)}</h1>", *_table(outcomes), *(part for o in outcomes for part in _case(o))]
    data = as_json(outcomes, options).replace("<", "\\u003c")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{_text(title)}</title>'
        '<meta name="viewport" content="width=device-width">'
        f"<style>{STYLE}</style><main>{''.join(body)}</main>"
        f'<script type="application/json" id="report">{data}</script></html>\n'
    )


def _table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield '<div class="table"><table><thead><tr>'
    yield from (f"<th>{_text(name)}</th>" for name in HEAD)
    yield "</tr></thead><tbody>"
    for outcome in outcomes:
        yield "<tr>" if outcome.as_it_must_be else '<tr class="bad">'
        yield from (f"<td>{_text(cell)}</td>" for cell in row(outcome))
        yield "</tr>"
    yield "</tbody></table></div>"


def _case(outcome: Outcome) -> Iterator[str]:
    yield f"<h2>{_text(named(outcome))}</h2><p>{_text(outcome.case.sentence)}</p>"
    if outcome.course:
        yield from _timeline(outcome)
    for demand in outcome.demands:
        mark = "" if demand.held else ' class="bad"'
        yield f"<p{mark}>{_text(demand.what)}: {_text(demand.measured)}</p>"
    for check in CHECKS:
        for offender in outcome.verdict.offenders[check]:
            yield f'<p class="bad">{_text(check)}: {_text(offender)}</p>'


def _timeline(outcome: Outcome) -> Iterator[str]:
    """Bars: calls accepted in a second. The line: the longest way of a line seen in it. Strokes: faults."""
    course = outcome.course
    seconds = max(len(course), 1)
    calls = max((second.accepted for second in course), default=0) or 1
    lag = max((second.lag for second in course), default=0.0) or 1.0
    step = WIDTH / seconds
    yield f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{_text(_described(outcome))}">'
    for at, second in enumerate(course):
        height = HEIGHT * second.accepted / calls
        yield (
            f'<rect class="calls" x="{at * step:.1f}" y="{HEIGHT - height:.1f}" '
            f'width="{step * 0.8:.1f}" height="{height:.1f}"/>'
        )
    points = " ".join(
        f"{(at + 0.5) * step:.1f},{HEIGHT - HEIGHT * second.lag / lag:.1f}"
        for at, second in enumerate(course)
    )
    yield f'<polyline class="lag" points="{points}"/>'
    for fault in outcome.faults:
        x = (fault.time - outcome.begun) * step
        yield (
            f'<line class="{"bit" if fault.bit else "missed"}" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{HEIGHT}">'
            f"<title>{fault.time - outcome.begun:.1f} s: {_text(fault.what)}</title></line>"
        )
    yield f"</svg><p>{_text(_described(outcome))}</p>"


def _described(outcome: Outcome) -> str:
    calls = max((second.accepted for second in outcome.course), default=0)
    lag = max((second.lag for second in outcome.course), default=0.0)
    bit = sum(1 for fault in outcome.faults if fault.bit)
    return (
        f"{len(outcome.course)} seconds; at most {calls} calls accepted in one (bars); the longest way to a line "
        f"{lag:.1f} s (curve); {len(outcome.faults)} faults (strokes), of which {bit} bit"
    )


def _text(text: str) -> str:
    return html.escape(text, quote=True)
