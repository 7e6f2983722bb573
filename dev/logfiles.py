"""The log files of a run: kept small while they are written, shown, followed."""

import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

LARGEST = 10 * 1024 * 1024  # bytes of one file; one older file of that size is kept beside it
PAUSE = 0.2  # seconds between two looks at a file that is followed


LAUNCHER = "launcher.log"  # opened by `up -d` for the run that is about to start


def start_new(logs: Path) -> None:
    """What the last run wrote moves to NAME.log.1."""
    for log in logs.glob("*.log"):
        if log.name != LAUNCHER:
            log.replace(older(log))


def keep_small(logs: Path) -> None:
    """Cut what grew too large. The writers append, so they go on at the beginning of the empty file."""
    for log in logs.glob("*.log"):
        if log.stat().st_size > LARGEST:
            shutil.copyfile(log, older(log))
            with log.open("r+b") as file:
                file.truncate()


def older(log: Path) -> Path:
    return log.with_suffix(".log.1")


def show(logs: Sequence[Path], follow: bool) -> None:
    """Print the files, each line after the name of its file if there are several; then what is added, for ever."""
    tails = [(log, _tail(log)) for log in logs]
    width = max(len(log.stem) for log in logs) if len(logs) > 1 else 0
    while True:
        for log, tail in tails:
            for line in next(tail):
                print(f"{log.stem:{width}} | {line}" if width else line)
        sys.stdout.flush()
        if not follow:
            return
        time.sleep(PAUSE)


def _tail(log: Path) -> Iterator[list[str]]:
    """Each time: the whole lines that were added since the last time. A file that was cut is read from its start."""
    at = 0
    while True:
        size = log.stat().st_size if log.exists() else 0
        at = at if at <= size else 0
        if at == size:
            yield []
            continue
        with log.open("rb") as file:
            file.seek(at)
            whole = file.read().rpartition(b"\n")[0]
        at += len(whole) + bool(whole)
        yield whole.decode(errors="replace").splitlines()
