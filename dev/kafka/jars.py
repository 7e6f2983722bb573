"""The broker's jars: fetched once by jgo, by the coordinates and checksums of the lock file beside this.

jgo could also fetch a Java; it is used for jars alone, and resolves nothing here: the lock names every jar.
"""

import hashlib
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dev import environments
from dev.errors import Missing
from dev.paths import TOOLS

if TYPE_CHECKING:
    from jgo.maven import MavenContext

LOCK = Path(__file__).with_name("jgo.lock.toml")
AT_ONCE = 8  # downloads; more do not make 44 MB come faster


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of the lock: Maven coordinates and the checksum of the file."""

    group: str
    artifact: str
    version: str
    sha256: str

    def inside(self, repository: Path) -> Path:
        folder = repository.joinpath(*self.group.split("."), self.artifact, self.version)
        return folder / f"{self.artifact}-{self.version}.jar"


def class_path(repository: Path = TOOLS / "jars", lock: Path = LOCK) -> list[Path]:
    """Every jar of the broker, in the lock's order, all checked against it when they were fetched."""
    jars = locked(lock)
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if not environments.is_stamped(repository, wanted):
        with environments.one_at_a_time("jars"):
            if not environments.is_stamped(repository, wanted):
                _fetch_all(jars, repository)
                environments.stamp(repository, wanted)
    return [jar.inside(repository) for jar in jars]


def locked(lock: Path) -> list[Jar]:
    entries = tomllib.loads(lock.read_text())["dependencies"]
    return [Jar(e["groupId"], e["artifactId"], e["version"], e["sha256"]) for e in entries]


def _fetch_all(jars: list[Jar], repository: Path) -> None:
    from jgo.maven import (
        MavenContext,
    )  # here, because only the first start needs it and it takes a while to import

    print(f"fetching Apache Kafka, {len(jars)} jars (once)", file=sys.stderr, flush=True)
    repository.mkdir(parents=True, exist_ok=True)
    context = MavenContext(repo_cache=repository)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in pool.map(lambda jar: _fetch(jar, context), jars):
            pass


def _fetch(jar: Jar, context: "MavenContext") -> None:
    """A file that is there and wrong (a download that was cut short) is fetched again, once."""
    path = jar.inside(context.repo_cache)
    if path.exists() and not _is_right(path, jar):
        path.unlink()
    artifact = context.project(jar.group, jar.artifact).at_version(jar.version).artifact()
    try:
        artifact.resolve()
    except Exception as error:  # whatever the network or jgo raises, a person needs one line
        raise Missing(f"{path.name} could not be fetched from Maven Central: {error}") from error
    if not _is_right(path, jar):
        path.unlink()
        raise Missing(
            f"{path.name} is not the file that dev/kafka/{LOCK.name} names: wrong sha256; nothing was started"
        )


def _is_right(path: Path, jar: Jar) -> bool:
    return hashlib.sha256(path.read_bytes()).hexdigest() == jar.sha256
