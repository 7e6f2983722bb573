"""docs/adding_a_service.md, word by word: from the first command to the line of the new service on the WebSocket."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.sync.client import connect

from dev import ports
from dev.paths import ROOT
from dev.plan import USUAL
from tests.dev.new_service.clones import Clone
from tests.dev.new_service.walking import steps, walk

PAGE = ROOT / "docs" / "adding_a_service.md"


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Clone]:
    clone = Clone(tmp_path / "clone")
    clone.environment["GREETINGS_PORT"] = str(*ports.free(1))
    yield clone
    clone.sh("./shop down")


def test_whoever_follows_the_page_sees_the_line_of_the_new_service(clone: Clone) -> None:
    places = {f"localhost:{port}": f"127.0.0.1:{clone.ports[name]}" for name, port in USUAL.items()}
    way = steps(PAGE)
    up = next(place for place, step in enumerate(way) if "./shop up -d" in step.text)
    for step in way[: up + 1]:
        walk(step, clone, places)
    with connect(f"ws://127.0.0.1:{clone.ports['logs_service']}/") as socket:
        for step in way[up + 1 :]:
            if "./shop down" in step.text:
                registered, greeting = (json.loads(socket.recv(timeout=60)) for _ in range(2))
            walk(step, clone, places)
    assert (registered["service"], registered["event"]) == ("users_service", "users.registered")
    assert (greeting["service"], greeting["event"]) == ("greetings_service", "greetings.sent")
    assert greeting["message"] == "Welcome to the shop, alice!"
    assert greeting["correlation_id"] == registered["correlation_id"]
