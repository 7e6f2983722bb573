"""A jar that is not the one of the lock file is never used."""

from pathlib import Path

import pytest

from dev.errors import Missing
from dev.kafka.jars import LOCK, class_path, locked

SMALL = "jspecify"  # 4 kB: the test fetches it
ENTRY = """
[[dependencies]]
groupId = "{group}"
artifactId = "{artifact}"
version = "{version}"
sha256 = "{sha256}"
"""


def lock_of_one_jar(folder: Path, sha256: str = "") -> Path:
    (jar,) = (jar for jar in locked(LOCK) if jar.artifact == SMALL)
    lock = folder / "jgo.lock.toml"
    lock.write_text(
        ENTRY.format(group=jar.group, artifact=jar.artifact, version=jar.version, sha256=sha256 or jar.sha256)
    )
    return lock


def test_a_jar_with_another_checksum_stops_the_start_and_does_not_stay(tmp_path: Path) -> None:
    with pytest.raises(Missing, match=SMALL):
        class_path(tmp_path / "jars", lock_of_one_jar(tmp_path, sha256="0" * 64))
    assert list((tmp_path / "jars").rglob("*.jar")) == []


def test_a_download_that_was_cut_short_is_fetched_again(tmp_path: Path) -> None:
    lock = lock_of_one_jar(tmp_path)
    (jar,) = locked(lock)
    half = jar.inside(tmp_path / "jars")
    half.parent.mkdir(parents=True)
    half.write_bytes(b"PK")
    assert class_path(tmp_path / "jars", lock) == [half]
    assert half.stat().st_size > 1000


def test_every_jar_of_the_lock_is_of_one_kafka_release() -> None:
    releases = {jar.version for jar in locked(LOCK) if jar.group == "org.apache.kafka"}
    assert len(releases) == 1
