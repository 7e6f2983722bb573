"""The new service is made in a copy of the project; what differs then is brought here, all of it or nothing."""

import filecmp
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from dev.docs import png
from dev.docs.files import PNG, SVG
from dev.errors import ShopError
from dev.new_service import words
from dev.new_service.tables import Tables
from dev.new_service.wanted import Wanted
from dev.paths import ROOT

NOT_COPIED = (
    ".env",
    ".git",
    ".venv",
    ".tools",
    ".shop*",
    ".*_cache",
    ".hypothesis",
    "__pycache__",
    "node_modules",
)


@dataclass(frozen=True, slots=True)
class Made:
    """Below the root of the project."""

    new: list[Path]
    edited: list[Path]


def make(wanted: Wanted, root: Path = ROOT) -> Made:
    """Raises ShopError; then everything is as it was."""
    texts = words.files(wanted) | Tables(wanted, root).texts()
    with TemporaryDirectory(prefix="new-service-") as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(root, copy, ignore=shutil.ignore_patterns(*NOT_COPIED), symlinks=True)
        _write(texts, copy)
        _tidied(copy, [str(path) for path in texts if path.suffix == ".py"])
        _run(copy, "docs generate", "-c", "from dev.docs import files; files.write(files.made())")
        png.draw((copy / SVG).read_text(encoding="utf-8"), copy / PNG)  # with what is installed here
        new, edited = sorted(_new(copy, root)), sorted(_edited(copy, root))
        _bring([*new, *edited], copy, root)
    return Made(new, edited)


def _write(texts: Mapping[Path, str], folder: Path) -> None:
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def _tidied(copy: Path, code: list[str]) -> None:
    """Names in their order, lines folded: what an editor does for a person."""
    quietly = ["--quiet", "--no-cache"]
    _run(copy, "ruff", "-m", "ruff", "check", "--fix-only", *quietly, *code)
    _run(copy, "ruff", "-m", "ruff", "format", *quietly, *code)
    _run(copy, "ruff", "-m", "ruff", "check", "--output-format=concise", *quietly, *code)


def _run(copy: Path, what: str, *arguments: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=copy, env=environment, capture_output=True, text=True
    )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines() or ["nothing"]
        raise ShopError(f"nothing was written, since {what} says: {said[-1]}")


def _files(folder: Path) -> Iterator[Path]:
    yield from (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def _new(copy: Path, root: Path) -> Iterator[Path]:
    return (path for path in _files(copy) if not (root / path).exists())


def _edited(copy: Path, root: Path) -> Iterator[Path]:
    there = (path for path in _files(copy) if (root / path).exists())
    return (path for path in there if not filecmp.cmp(copy / path, root / path, shallow=False))


def _bring(paths: list[Path], copy: Path, root: Path) -> None:
    """What was written is taken back if the rest can't be."""
    before = {path: (root / path).read_bytes() for path in paths if (root / path).exists()}
    folders = {parent for path in paths for parent in path.parents if not (root / parent).exists()}
    try:
        for path in paths:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(copy / path, root / path)
    except OSError:
        for path in paths:
            if path in before:
                (root / path).write_bytes(before[path])
            elif (root / path).exists():
                (root / path).unlink()
        for folder in sorted(folders, reverse=True):
            shutil.rmtree(root / folder, ignore_errors=True)
        raise
