"""Whose process is it? A pid may have been given again; the launcher must never touch an innocent one."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from dev import leftovers, record
from dev.child import Child
from dev.record import Ident, Record, Running
from dev.waiting import until

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
TELL = """
import signal, sys, time
def tell(*_):
    with open({file!r}, "a") as order:
        print({name!r}, file=order)
    sys.exit()
signal.signal(signal.SIGTERM, tell)
print("up", flush=True)
time.sleep(60)
"""


@pytest.fixture
def sleeper() -> Iterator[psutil.Process]:
    with subprocess.Popen(SLEEP) as process:
        yield psutil.Process(process.pid)
        process.kill()


def a_record(**processes: Running) -> Record:
    launcher = Ident(pid=1, created=0)
    return Record(launcher=launcher, bootstrap_servers="", mongo_uri="", urls={}, processes=processes)


def test_a_process_is_known_by_its_pid_and_its_start(sleeper: psutil.Process) -> None:
    assert Ident.of(sleeper.pid).process() == sleeper


def test_a_process_that_got_the_pid_of_an_earlier_one_is_not_stopped(sleeper: psutil.Process) -> None:
    earlier = Running(pid=sleeper.pid, created=sleeper.create_time() - 60)
    assert leftovers.stop(a_record(users_service=earlier)) == []
    assert sleeper.is_running()


def test_what_was_left_frozen_is_woken_and_ends_in_its_own_way(tmp_path: Path) -> None:
    child = _tells_its_end("users_service", tmp_path / "order", tmp_path)
    child.freeze()
    left = Running(pid=child.pid, created=child.created)
    assert leftovers.stop(a_record(users_service=left)) == ["users_service"]
    assert not child.alive
    assert (tmp_path / "order").read_text() == "users_service\n"


def test_services_end_before_the_servers_that_they_need(tmp_path: Path) -> None:
    order = tmp_path / "order"
    children = {name: _tells_its_end(name, order, tmp_path) for name in ("kafka", "mongo", "users_service")}
    started = {name: Running(pid=child.pid, created=child.created) for name, child in children.items()}
    leftovers.stop(a_record(**started))
    assert not any(child.alive for child in children.values())
    assert order.read_text().split()[0] == "users_service"
    assert sorted(order.read_text().split()) == ["kafka", "mongo", "users_service"]


def _tells_its_end(name: str, order: Path, folder: Path) -> Child:
    code = TELL.format(file=str(order), name=name)
    child = Child(name, [sys.executable, "-c", code], folder / f"{name}.log")
    assert until(lambda: "up" in child.last_lines(), 10)
    return child


def test_the_record_is_for_the_owner_alone(tmp_path: Path) -> None:
    a_record().write(tmp_path)
    assert (tmp_path / "run.json").stat().st_mode & 0o777 == 0o600


def test_a_record_that_is_no_record_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{")
    assert record.read(tmp_path) is None
