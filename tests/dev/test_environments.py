"""Making an environment empties its folder: never one that a link leads to."""

from pathlib import Path

import pytest

from dev import environments
from dev.errors import ShopError


def test_a_folder_behind_a_link_is_not_emptied(tmp_path: Path) -> None:
    theirs, ours = tmp_path / "theirs", tmp_path / ".venv"
    theirs.mkdir()
    (theirs / "kept").touch()
    ours.symlink_to(theirs)
    with pytest.raises(ShopError, match="take the link away"):
        environments.ensure(ours, "run", environments.RUN)
    assert (theirs / "kept").exists()
