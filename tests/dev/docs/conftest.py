"""The project's tables, loaded once."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from dev.docs import tables
from dev.docs.tables import Service
from tests.dev.docs.copies import Copy


@pytest.fixture(scope="session")
def services() -> Sequence[Service]:
    return tables.services()


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path / "copy")
