"""A clone of the project in a folder of the moment, in which a test does what a person would do in his.

What was installed and fetched for this project is used there too: links to it, with stamps for the other place.
"""

import os
import shutil
import subprocess
from pathlib import Path

from dev import ports
from dev.paths import ROOT
from dev.plan import USUAL, VARIABLES

SECONDS = 120.0  # for one command
NOTHING_FOREIGN = ("KAFKA_BOOTSTRAP_SERVERS", "MONGO_URI", "TOPIC_PREFIX", "SHOP_PROFILE", "PYTHONPATH")


class Clone:
    """`ports`: those of its shop, by the names of the launcher; the environment tells them to it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        listed = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        for name in subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split("\0"):
            if name and (ROOT / name).exists():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, root / name)
        self._link(ROOT / ".venv")
        for tool in (ROOT / ".tools").iterdir():
            self._link(tool)
        self.ports = dict(zip(USUAL, ports.free(len(USUAL)), strict=True))
        own = {VARIABLES[name]: str(port) for name, port in self.ports.items()}
        known = {name: value for name, value in os.environ.items() if name not in NOTHING_FOREIGN}
        self.environment = {**known, **own, "PYTHONDONTWRITEBYTECODE": "1"}

    def _link(self, source: Path) -> None:
        target = self.root / source.relative_to(ROOT)
        target.parent.mkdir(exist_ok=True)
        if not source.is_dir():
            target.symlink_to(source)
            return
        target.mkdir()
        for entry in source.iterdir():
            if entry.name.startswith("stamp-"):
                stamp = entry.read_text(encoding="utf-8")
                (target / entry.name).write_text(
                    stamp.replace(str(ROOT), str(self.root), 1), encoding="utf-8"
                )
            else:
                (target / entry.name).symlink_to(entry)

    def sh(self, script: str) -> "subprocess.CompletedProcess[str]":
        """Typed in its root; the shell ends at the first command that fails."""
        return subprocess.run(
            ["sh", "-euc", script],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )

    def state(self) -> dict[str, bytes]:
        """Every file of it that is not a link, by its name."""
        files = (path for path in self.root.rglob("*") if path.is_file() and not path.is_symlink())
        return {
            str(path.relative_to(self.root)): path.read_bytes() for path in files if ".venv" not in path.parts
        }
