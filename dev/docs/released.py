"""The schemas as they were released, version by version of the project: files that are only ever added.

ressources/schemas/released/0.1.0/users.registered.v1.json is there if this version of the project was the first to
write the event like this. That none was changed afterwards, the history of git tells.
"""

import hashlib
import json
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dev.docs.compatibility import Break, Schema, breaks
from dev.docs.marks import as_json
from dev.docs.schemas import READERS, WRITERS
from dev.errors import ShopError
from dev.paths import ROOT

RELEASED = Path("ressources/schemas/released")
KEPT = (RELEASED, Path("ressources/samples"))
NOT_COMPARED = ("$comment", READERS, WRITERS)


def incompatible(now: Mapping[str, Schema], root: Path = ROOT) -> list[Break]:
    """Held against every release, for records of each of them may lie on the topics. Each break once."""
    found = [one for release in releases(root) for one in breaks(release, now)]
    return list({(one.event, one.field): one for one in found}.values())


def releases(root: Path = ROOT) -> list[dict[str, Any]]:
    """Oldest first, each as the schemas by type."""
    folders = sorted((path for path in (root / RELEASED).glob("*") if path.is_dir()), key=_version)
    return [
        {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))}
        for folder in folders
    ]


def release(now: Mapping[str, Schema], root: Path = ROOT) -> list[Path]:
    """Adds what differs from the last release, as a part of the present version. Nothing is written over."""
    last = {name: schema for earlier in releases(root) for name, schema in earlier.items()}
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    new = {
        RELEASED / project["version"] / f"{name}.json": schema
        for name, schema in now.items()
        if _is_new(name, schema, last)
    }
    if there := [path for path in new if (root / path).exists()]:
        raise ShopError(f"{there[0]} was released: raise the version in pyproject.toml first")
    for path, schema in new.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(as_json(schema), encoding="utf-8")
    return list(new)


def rewritten(root: Path = ROOT) -> Iterator[str]:
    """Files that are not, or not as they were first committed. Nothing can be told where there is no history."""
    for path, first in _first_committed(root).items():
        if not (root / path).exists():
            yield f"{path} was released and is gone"
        elif first != _blob((root / path).read_bytes()):
            yield f"{path} was released and is another one now"


def _blob(content: bytes) -> str:
    """The name under which git keeps it."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _first_committed(root: Path) -> dict[str, str]:
    """The hash of the content with which each file came; git tells the newest commit first."""
    which = ["--diff-filter=A", "--no-renames", "--relative", "--raw", "--no-abbrev", "--format="]
    told = _git(root, "log", *which, "--", *map(str, KEPT))
    rows = [line.split(None, 5) for line in told.splitlines() if line.startswith(":")]
    return {row[5]: row[3] for row in rows}


def _git(root: Path, *arguments: str) -> str:
    """Nothing where there is no git, or no history."""
    if not shutil.which("git"):
        return ""
    done = subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


def _is_new(name: str, schema: Schema, last: Mapping[str, Schema]) -> bool:
    return name not in last or _compared(last[name]) != _compared(schema)


def _compared(schema: Schema) -> Schema:
    return {name: value for name, value in schema.items() if name not in NOT_COMPARED}


def _version(folder: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in folder.name.split("."))
