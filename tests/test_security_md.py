"""SECURITY.md claims nothing that no test shows: every row names tests, and they exist."""

import re

import pytest

from dev.paths import ROOT

TEXT = (ROOT / "SECURITY.md").read_text()
ROWS = [line for line in TEXT.splitlines() if line.startswith("| ") and not line.startswith("| who |")]
SHOWN_BY = re.compile(r"`(tests/[a-z_/]+\.py)::(test_\w+)`")


def test_there_is_a_table() -> None:
    assert len(ROWS) > 10


@pytest.mark.parametrize("row", ROWS, ids=range(len(ROWS)))
def test_every_row_names_tests_that_exist(row: str) -> None:
    who, _, _, shown_by = (cell.strip() for cell in row.strip("|").split("|"))
    assert who
    named = SHOWN_BY.findall(shown_by)
    assert named
    assert not SHOWN_BY.sub("", shown_by).strip(), "something else stands among the tests"
    for file, test in named:
        assert f"def {test}(" in (ROOT / file).read_text(), f"{file} has no {test}"
