"""What dies is started again, with a growing pause; what is frozen or wrongly configured is not."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.child import Child
from dev.server import Server
from dev.supervisor import EX_CONFIG, LONGEST_PAUSE, RAN_WELL, Pause, Supervised, is_frozen
from dev.waiting import until


class Standin(Server):
    """A process that ends with a code, or sleeps."""

    code = "import time; time.sleep(60)"

    def spawn(self) -> Child:
        self.child = Child(self.name, [sys.executable, "-c", self.code], self.log)
        return self.child

    def answers(self) -> bool:
        return self.running.alive

    def spawn_and_end(self, exit_code: int) -> None:
        self.code = f"raise SystemExit({exit_code})"
        self.spawn()
        self.wait()


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[Standin]:
    server = Standin("standin", 0, tmp_path / "standin.log")
    yield server
    if server.child:
        server.child.kill()


def test_pauses_double_up_to_a_bound() -> None:
    pause = Pause()
    pauses = [pause.after(lived=0) for _ in range(9)]
    assert pauses[:4] == [0.2, 0.4, 0.8, 1.6]
    assert pauses[-1] == LONGEST_PAUSE


def test_who_ran_well_starts_with_the_first_pause_again() -> None:
    pause = Pause()
    for _ in range(5):
        pause.after(lived=0)
    assert pause.after(lived=RAN_WELL) == 0.2


def test_what_died_is_started_again_after_its_pause_and_not_before(standin: Standin) -> None:
    standin.spawn_and_end(1)
    watched, first = Supervised(standin, now=0), standin.pid
    assert "started again in 0.2 s" in str(watched.look(now=1))
    watched.look(now=1.1)
    assert standin.pid == first
    watched.look(now=1.3)
    assert standin.pid != first
    assert watched.restarts == 1


def test_a_wrong_setting_is_reported_once_and_never_started_again(standin: Standin) -> None:
    standin.spawn_and_end(EX_CONFIG)
    watched = Supervised(standin, now=0)
    assert "./shop logs standin" in str(watched.look(now=1))
    assert watched.look(now=1000) is None
    assert watched.restarts == 0
    assert "setting" in watched.problem


def test_a_frozen_process_is_left_alone(standin: Standin) -> None:
    standin.spawn()
    standin.freeze()
    watched = Supervised(standin, now=0)
    assert until(lambda: is_frozen(standin.pid), 5)
    assert watched.look(now=1000) is None
    assert watched.restarts == 0
