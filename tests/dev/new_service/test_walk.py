"""docs/adding_a_service.md, word by word: from the first command to the line of the new service on the WebSocket."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.sync.client import connect

from dev.paths import ROOT
from dev.plan import USUAL
from tests.dev.new_service.clones import Clone
from tests.dev.new_service.walking import Step, is_shown, steps, walk

PAGE = ROOT / "docs" / "adding_a_service.md"


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Clone]:
    clone = Clone(tmp_path / "clone")
    yield clone
    clone.sh("./shop down")


def lines_until(clone: Clone, left: list[Step], places: dict[str, str], mark: str) -> list[str]:
    """The rest of the steps, watched: the lines up to the one with this mark."""
    seen: list[str] = []
    with connect(f"ws://127.0.0.1:{clone.ports['logs_service']}/") as socket:
        for step in left[:1]:
            walk(step, clone, places)
        while not any(mark in line for line in seen):
            seen.append(str(socket.recv(timeout=30)))
    for step in left[1:]:
        walk(step, clone, places)
    return seen


def test_whoever_follows_the_page_sees_the_line_of_the_new_service(clone: Clone) -> None:
    places = {f"localhost:{port}": f"127.0.0.1:{clone.ports[name]}" for name, port in USUAL.items()}
    way = list(steps(PAGE))
    started = next(place for place, step in enumerate(way) if "./shop up -d" in step.text)
    for step in way[: started + 1]:
        walk(step, clone, places)
    seen = lines_until(clone, way[started + 1 :], places, '"event":"greetings.sent"')
    (registered, greeting) = seen
    assert '"event":"users.registered"' in registered
    assert '"service":"greetings_service"' in greeting
    assert '"message":"Welcome to the shop, alice!"' in greeting


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a … c\n", "a b c\n", True),
        ("a\n…\nd\n", "a\nb\nc\nd\n", True),
        ("a\n…\nd\n", "a\nd\n", True),
        ("a\n", "a\nb\n", False),
        ("a.c\n", "abc\n", False),
    ],
)
def test_what_is_shown_is_what_is_printed(shown: str, printed: str, same: bool) -> None:
    assert is_shown(shown, printed) is same
