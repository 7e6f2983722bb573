"""Random passwords of one shop, made when they are first asked for: files that only the owner may read.

Children are told the names of the files and never what is in them: an environment is inherited, and shown.
"""

import os
import secrets
from pathlib import Path

from dev.server import writable

BYTES = 32  # 256 bits: nobody guesses them, so nothing has to slow him down


class Secrets:
    """A folder with one file a secret."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __truediv__(self, name: str) -> "Secrets":
        return Secrets(self.folder / name)

    def file(self, name: str) -> Path:
        """The file with the password of this name."""
        path = self.folder / name
        if not path.exists():
            self.write(name, secrets.token_urlsafe(BYTES))
        return path

    def password(self, name: str) -> str:
        return self.file(name).read_text()

    def write(self, name: str, text: str) -> Path:
        """Whole or not at all, and from its first moment for the owner alone."""
        writable(self.folder).chmod(0o700)
        path = self.folder / name
        unfinished = path.with_suffix(".new")
        unfinished.unlink(missing_ok=True)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        unfinished.rename(path)
        return path
