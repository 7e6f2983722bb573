"""A new service on the map of the live page: in the row at its foot, with arrows to and from its topics.

An arrow from above comes down in a lane of its own, which passes no box, and so does one back.

Where it looks well is for a person to decide; that nothing is missing, a test.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from dev.new_service.page import Page
from dev.new_service.wanted import PLACES, Wanted, Way

FIRST, STEP, ROW = 110, 180, 530  # of the services to come: the middle of the first, the next ones beside it
BELOW = 70  # its own topic, under it
BOX, PILL, LETTER = 34, 20, 9  # half of their heights; how wide a letter of a topic is
ASIDE = 28  # of the middle of a box: left of it comes what comes, right of it goes what goes
LANES, LANE = 440, 5  # above the row: where the first one runs, and the next ones below it


class _Above(NamedTuple):
    """A place above the row: arrows leave it at its foot, or at this side of it, and go down in lanes."""

    side: tuple[int, int]
    lane: int
    step: int  # to the next lane
    sideways: bool = False


_ABOVE = {
    "people": _Above((40, 230), 40, 6),
    "notifications": _Above((512, 220), 512, 5),
    "inventories": _Above((175, 285), 160, -6, True),
    "stock": _Above((356, 285), 376, 6, True),
}
_PLACE = re.compile(r"^  (\w+): { x: (\d+), y: (\d+)", re.MULTILINE)


class _Way(NamedTuple):
    """As the map has it: `head` with its direction in degrees, `rate` with the side at which its text begins."""

    path: str
    head: tuple[int, int, int]
    rate: tuple[int, int, str]


def on_the_map(wanted: Wanted, page: Page) -> None:
    x = FIRST + STEP * (wanted.place - PLACES[0])
    new = [f"  {wanted.service}: {{ x: {x}, y: {ROW}, service: true }},\n"]
    if wanted.has_new_topic:
        new.append(f"  {wanted.topic.name}: {{ x: {x}, y: {ROW + BELOW}, topic: true }},\n")
    page.row("export const PLACES = {", "".join(new))
    places = {name: (int(at_x), int(at_y)) for name, at_x, at_y in _PLACE.findall(page.text)}
    for begin, end in _ways(wanted):
        comes = end == wanted.service
        other = begin if comes else end
        way = _by_lane(wanted, x, other, comes) if other in _ABOVE else _below(x, other, places[other], comes)
        page.before("].map((arrow)", _arrow(begin, end, way))
    if wanted.way is Way.edge:
        page.before("]);\n\n/** The names", f', "{wanted.effect.rpartition(".")[0]}"')


def _ways(wanted: Wanted) -> Iterator[tuple[str, str]]:
    if wanted.cause:
        yield wanted.cause.topic.name, wanted.service
    if wanted.way is Way.edge:
        yield "people", wanted.service
    yield wanted.service, wanted.topic.name


def _by_lane(wanted: Wanted, x: int, above: str, comes: bool) -> _Way:
    """`comes`: to the service, and not from it."""
    place, number = _ABOVE[above], 2 * (wanted.place - PLACES[0]) + (not comes)
    down, across, top = place.lane + place.step * number, LANES + LANE * number, ROW - BOX
    side, height = place.side if place.sideways else (down, place.side[1])
    if comes:
        foot = x - ASIDE
        return _Way(
            f"M{side},{height} H{down} V{across} H{foot} V{top}", (foot, top, 90), (foot - 6, top - 5, "end")
        )
    foot = x + ASIDE
    angle = -90 if not place.sideways else 0 if down < side else 180
    path = f"M{foot},{top} V{across} H{down} V{height} H{side}"
    return _Way(path, (side, height, angle), (foot + 6, top - 5, "start"))


def _below(x: int, topic: str, place: tuple[int, int], comes: bool) -> _Way:
    """A topic under this service or under another one of the row."""
    middle, height = place
    foot = ROW + BOX
    if middle == x:
        return _Way(
            f"M{x},{foot} V{height - PILL}", (x, height - PILL, 90), (x + 8, height - PILL - 6, "start")
        )
    side = middle + (1 if x > middle else -1) * (5 + len(topic) * LETTER // 2)
    if comes:
        x -= ASIDE
        return _Way(f"M{side},{height} H{x} V{foot}", (x, foot, -90), (x - 6, foot + 14, "end"))
    x += ASIDE
    angle = 180 if x > middle else 0
    return _Way(f"M{x},{foot} V{height} H{side}", (side, height, angle), (x + 6, foot + 14, "start"))


def _arrow(begin: str, end: str, way: _Way) -> str:
    head, rate = way.head, way.rate
    return (
        f'  {{ from: "{begin}", to: "{end}",\n    path: "{way.path}", head: [{head[0]}, {head[1]}, {head[2]}], '
        f'rate: [{rate[0]}, {rate[1]}, "{rate[2]}"] }},\n'
    )
