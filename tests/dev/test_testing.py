"""`./shop test` runs once more, alone, what failed while others ran beside it; it forgives nothing else."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from dev import testing
from dev.paths import ROOT

SLOW_BESIDE_OTHERS = """
import os, pathlib, pytest

@pytest.mark.parametrize("number", range({count}))
def test_it(number):
    assert {holds}
"""
ALONE = '"PYTEST_XDIST_WORKER" not in os.environ'


def run(folder: Path, count: int, holds: str) -> tuple[int, str]:
    (folder / "test_some.py").write_text(SLOW_BESIDE_OTHERS.format(count=count, holds=holds))
    (folder / "pytest.ini").write_text("[pytest]\n")
    said = io.StringIO()
    return testing.run_all(["-q", "-p", "xdist"], Console(file=said), folder), said.getvalue()


def test_what_is_to_begin_first_is_there() -> None:
    assert [file for file in testing.LONGEST if not (ROOT / file).exists()] == []


@pytest.mark.parametrize(
    ("count", "holds", "code", "again"),
    [
        (2, "True", 0, False),
        (2, ALONE, 0, True),
        (2, "False", 1, True),
        (testing.MOST + 1, ALONE, 1, False),
    ],
    ids=["all-is-well", "slow-beside-others", "a-fault", "too-many"],
)
def test_what_fails_has_one_more_chance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, holds: str, code: int, again: bool
) -> None:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # this test itself may run beside others
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # those of the project take most of the time
    monkeypatch.setattr(testing, "AT_ONCE", ["-n", "1", *testing.AT_ONCE[2:]])  # one is beside others as well
    found, said = run(tmp_path, count, holds)
    assert (found, "Once more" in said) == (code, again)
