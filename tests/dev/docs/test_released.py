"""Released schemas are only ever added: git tells who changed one, and a release writes nothing over."""

import subprocess
from pathlib import Path

import pytest

from dev.docs import released
from dev.docs.schemas import READERS, TOPIC, WRITERS
from dev.errors import ShopError

SCHEMA = {TOPIC: "t", READERS: ["r"], WRITERS: [], "type": "object", "properties": {"a": {"type": "string"}}}


def git(root: Path, *arguments: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", root, *who, *arguments], check=True, capture_output=True)


def commit(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-qm", "x")


def version(root: Path, number: str) -> None:
    (root / "pyproject.toml").write_text(f'[project]\nversion = "{number}"\n')


@pytest.fixture
def root(tmp_path: Path) -> Path:
    version(tmp_path, "0.1.0")
    git(tmp_path, "init", "-q")
    assert released.release({"a.b.v1": SCHEMA}, tmp_path) == [released.RELEASED / "0.1.0" / "a.b.v1.json"]
    commit(tmp_path)
    return tmp_path


def file_of(root: Path) -> Path:
    return root / released.RELEASED / "0.1.0" / "a.b.v1.json"


def test_what_stays_as_it_was_is_no_matter_and_neither_is_what_is_added(root: Path) -> None:
    version(root, "0.2.0")
    released.release({"a.b.v1": SCHEMA, "a.c.v1": SCHEMA}, root)
    assert sorted(path.name for path in (root / released.RELEASED / "0.2.0").iterdir()) == ["a.c.v1.json"]
    assert list(released.rewritten(root)) == []


def test_a_released_file_that_was_changed_is_told_even_when_the_change_was_committed(root: Path) -> None:
    original = file_of(root).read_text()
    file_of(root).write_text("{}")
    told = [f"{file_of(root).relative_to(root)} was released and is another one now"]
    assert list(released.rewritten(root)) == told
    commit(root)
    assert list(released.rewritten(root)) == told
    file_of(root).write_text(original)
    assert list(released.rewritten(root)) == []


def test_a_released_file_that_was_deleted_is_told(root: Path) -> None:
    file_of(root).unlink()
    commit(root)
    assert list(released.rewritten(root)) == [f"{file_of(root).relative_to(root)} was released and is gone"]


def test_without_a_history_nothing_can_be_told(tmp_path: Path) -> None:
    assert list(released.rewritten(tmp_path)) == []


def test_a_second_release_of_the_same_version_writes_nothing_over(root: Path) -> None:
    grown = {**SCHEMA, "properties": {**SCHEMA["properties"], "b": {"type": "string"}}}  # type: ignore[dict-item]
    with pytest.raises(ShopError, match=r"raise the version in pyproject\.toml"):
        released.release({"a.b.v1": grown, "a.c.v1": SCHEMA}, root)
    assert not (root / released.RELEASED / "0.1.0" / "a.c.v1.json").exists()


def test_a_change_is_held_against_every_release_and_told_once(root: Path) -> None:
    grown = {**SCHEMA, "properties": {**SCHEMA["properties"], "b": {"type": "string"}}}  # type: ignore[dict-item]
    version(root, "0.10.0")
    released.release({"a.b.v1": grown}, root)
    version(root, "0.9.0")
    assert [list(one) for one in released.releases(root)] == [["a.b.v1"], ["a.b.v1"]]
    assert released.releases(root)[-1]["a.b.v1"] == grown, "0.10 comes after 0.9"
    (found,) = released.incompatible({"a.b.v1": SCHEMA}, root)
    assert (found.event, found.field, found.readers) == ("a.b.v1", "b", ["r"])
