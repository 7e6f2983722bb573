"""The figures as one SVG: bars for servers side by side, lines for curves, both on logarithmic axes."""

from collections.abc import Iterator, Sequence
from html import escape
from math import ceil, floor, log10

from benchmarks.hub.found import Series

WIDTH, HEIGHT, ROW = 720, 240, 26
LEFT, TOP = 60, 40
STYLE = (
    "text{font:13px sans-serif;fill:#222}.t{font-weight:bold}.a{fill:#666;font-size:11px}"
    "rect{fill:#9ab}rect.first{fill:#27a}path{fill:none;stroke:#27a;stroke-width:2}circle{fill:#27a}line{stroke:#ddd}"
)


def svg(series: Sequence[Series]) -> str:
    top, parts = 10, []
    for each in series:
        parts.append(
            f'<g transform="translate(0 {top})">{"".join(_bars(each) if each.names else _curve(each))}</g>'
        )
        top += (TOP + ROW * len(each.names) if each.names else HEIGHT) + 30
    size = f'width="{WIDTH}" height="{top}" viewBox="0 0 {WIDTH} {top}"'
    ground = f'<path d="M0 0H{WIDTH}V{top}H0z" style="fill:#fff;stroke:none"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}><style>{STYLE}</style>{ground}{"".join(parts)}</svg>\n'


def _bars(series: Series) -> Iterator[str]:
    yield _text(10, 20, f"{series.title} ({series.unit})", "t")
    most = max(series.values)
    for nth, (name, value) in enumerate(zip(series.names, series.values, strict=True)):
        y, length = TOP + ROW * nth, (WIDTH - 330) * value / most
        kind = ' class="first"' if nth == 0 else ""
        yield _text(10, y + 15, name)
        yield f'<rect x="250" y="{y}" width="{length:.1f}" height="{ROW - 6}"{kind}/>'
        yield _text(256 + length, y + 15, f"{value:.2f}")


def _curve(series: Series) -> Iterator[str]:
    across, up = Scale(series.along, WIDTH - LEFT - 40), Scale(series.values, HEIGHT - 60)
    bottom = HEIGHT - 20
    yield _text(10, 20, series.title, "t")
    for power in range(*up.decades):
        y = bottom - up.at(10.0**power)
        yield f'<line x1="{LEFT}" x2="{WIDTH - 30}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield _text(10, y + 4, f"{10.0**power:g} µs", "a")
    points = [
        (LEFT + across.at(x), bottom - up.at(y), x, y)
        for x, y in zip(series.along, series.values, strict=True)
    ]
    yield '<path d="M' + " L".join(f"{x:.1f} {y:.1f}" for x, y, _, _ in points) + '"/>'
    for x, y, along, value in points:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4"/>' + _text(x - 12, y - 9, f"{value:.2f}", "a")
        yield _text(x - 12, HEIGHT, f"{along:,.0f}", "a")


class Scale:
    """Logarithmic, over whole decades."""

    def __init__(self, values: Sequence[float], length: float) -> None:
        self._first = floor(log10(min(values)))
        self._last = max(ceil(log10(max(values))), self._first + 1)
        self._length = length

    @property
    def decades(self) -> tuple[int, int]:
        return self._first, self._last + 1

    def at(self, value: float) -> float:
        return self._length * (log10(value) - self._first) / (self._last - self._first)


def _text(x: float, y: float, text: str, kind: str = "") -> str:
    name = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{name}>{escape(text)}</text>'
