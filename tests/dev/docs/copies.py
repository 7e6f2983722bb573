"""A copy of the project in which a test can change the contracts, and the check of it as a process of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from dev.paths import ROOT
from dev.services import STARTED

FOLDERS = ["contracts", "event_bus", "http_edge", "dev", "ressources", *(kind.name for kind in STARTED)]


class Copy:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in FOLDERS:
            shutil.copytree(
                ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "live_*")
            )
        shutil.copytree(ROOT / "docs", folder / "docs")
        shutil.copy(ROOT / "pyproject.toml", folder)

    def change(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{file} has this not once: {old}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def docs(self, command: str) -> subprocess.CompletedProcess[str]:
        """`./shop docs COMMAND`, as the script `shop` would call it here."""
        environment = {**os.environ, "PYTHONPATH": str(self.folder)}
        call = [sys.executable, "-m", "dev", "docs", command]
        return subprocess.run(
            call, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
