"""A new service on the map of the live page: in the row at its foot, with straight arrows to and from its topics.

Where it looks well is for a person to decide; that nothing is missing, a test.
"""

import math
import re
from collections.abc import Iterator

from dev.new_service.page import Page
from dev.new_service.wanted import PLACES, Wanted, Way

FIRST, STEP, ROW = 110, 180, 500  # of the services to come: the middle of the first, the next ones beside it
BELOW = 70  # its own topic, under it
BOX, PILL = (84, 34), (62, 20)  # half of their widths and heights
ASIDE = 14  # what comes and what goes run beside each other
_PLACE = re.compile(r"^  (\w+): { x: (\d+), y: (\d+)(.*)", re.MULTILINE)

Point = tuple[float, float]


def on_the_map(wanted: Wanted, page: Page) -> None:
    x = FIRST + STEP * (wanted.place - PLACES[0])
    new = [f"  {wanted.service}: {{ x: {x}, y: {ROW}, service: true }},\n"]
    if wanted.has_new_topic:
        new.append(f"  {wanted.topic.name}: {{ x: {x}, y: {ROW + BELOW}, topic: true }},\n")
    page.row("export const PLACES = {", "".join(new))
    places = {name: (float(at_x), float(at_y), more) for name, at_x, at_y, more in _PLACE.findall(page.text)}
    for begin, end in _ways(wanted):
        page.before("].map((arrow)", _arrow(begin, end, places[begin], places[end]))
    if wanted.way is Way.edge:
        page.before("]);\n\n/** The names", f', "{wanted.effect.rpartition(".")[0]}"')


def _ways(wanted: Wanted) -> Iterator[tuple[str, str]]:
    if wanted.cause:
        yield wanted.cause.topic.name, wanted.service
    if wanted.way is Way.edge:
        yield "people", wanted.service
    yield wanted.service, wanted.topic.name


def _arrow(begin: str, end: str, here: tuple[float, float, str], there: tuple[float, float, str]) -> str:
    angle = math.atan2(there[1] - here[1], there[0] - here[0])
    aside = (-math.sin(angle) * ASIDE, math.cos(angle) * ASIDE)
    tail = _edge(here, angle, aside)
    head = _edge(there, angle + math.pi, aside)
    middle = ((tail[0] + head[0]) / 2, (tail[1] + head[1]) / 2)
    return (
        f'  {{ from: "{begin}", to: "{end}",\n'
        f'    path: "M{tail[0]:.0f},{tail[1]:.0f} L{head[0]:.0f},{head[1]:.0f}", '
        f"head: [{head[0]:.0f}, {head[1]:.0f}, {math.degrees(angle):.0f}], "
        f'rate: [{middle[0] + 8:.0f}, {middle[1]:.0f}, "start"] }},\n'
    )


def _edge(place: tuple[float, float, str], angle: float, aside: Point) -> Point:
    """Where a line from the middle in this direction, moved aside, leaves the box or the pill."""
    width, height = PILL if "topic" in place[2] else BOX
    x, y = math.cos(angle), math.sin(angle)
    far = min(width / abs(x) if x else math.inf, height / abs(y) if abs(y) > 1e-9 else math.inf)
    return place[0] + x * far + aside[0], place[1] + y * far + aside[1]
