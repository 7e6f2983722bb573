"""What runs, written to the state folder: so that status, down and the next start find it, even after kill -9.

A pid alone proves nothing, it may have been given again; with the time when the process started it does.
"""

import os
from pathlib import Path

import psutil
from pydantic import BaseModel, Field, ValidationError

# psutil derives the start from the clock of the machine, which may be set; nobody gets the same pid so soon.
SAME_START = 2.0  # seconds


class Ident(BaseModel):
    """One process, for ever."""

    pid: int
    created: float

    def process(self) -> psutil.Process | None:
        """The process itself, if it still lives; never another one that got its pid."""
        try:
            found = psutil.Process(self.pid)
            same = abs(found.create_time() - self.created) < SAME_START
            return found if same and found.status() != psutil.STATUS_ZOMBIE else None
        except psutil.Error:
            return None

    @classmethod
    def of(cls, pid: int) -> "Ident":
        return cls(pid=pid, created=psutil.Process(pid).create_time())


class Running(Ident):
    """A child of the launcher. `problem` says why it is not started again, if it is not."""

    restarts: int = 0
    problem: str = ""


class Record(BaseModel):
    """The file run.json."""

    launcher: Ident
    ready: bool = False  # became ready once; whether it is now, only a look can tell
    bootstrap_servers: str
    mongo_uri: str
    urls: dict[str, str]
    kafka_password: str = ""  # the file with that of the administrator, of a Kafka that asks for accounts
    processes: dict[str, Running] = Field(default_factory=dict)  # in the order of their start

    def write(self, state: Path) -> None:
        """As a whole or not at all, readable by the owner alone (a URI may hold a password)."""
        new = state / "run.json.new"
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(self.model_dump_json(indent=1))
        new.rename(state / "run.json")


def read(state: Path) -> Record | None:
    """None where nothing was ever started, or the file is not ours to read."""
    try:
        return Record.model_validate_json((state / "run.json").read_text())
    except (OSError, ValidationError):
        return None


def forget(state: Path) -> None:
    (state / "run.json").unlink(missing_ok=True)
