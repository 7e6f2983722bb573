"""Virtual environments from exact versions with hashes: `.venv` of the project, those of programs in `.tools/`.

Runs before anything is installed: it may import the standard library and its two neighbours, nothing else.
A stamp, written last, says what an environment holds; the script `shop` compares it too, and in the same form.
"""

import fcntl
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dev.errors import Missing, ShopError
from dev.paths import REQUIREMENTS, ROOT, TOOLS

RUN = ["services", "embedded"]
TEST = [*RUN, "dev"]


def tool(name: str) -> Path:
    """The folder of `.tools/NAME`, made from requirements/NAME.txt if it is not there yet."""
    folder = TOOLS / name
    ensure(folder, name, [name])
    return folder


def ensure(folder: Path, what: str, names: Sequence[str], fresh: bool = True) -> None:
    """Install requirements/NAME.txt for each name, unless the stamp says that it was done.

    Not fresh: add to what is there, which may be in use.
    """
    wanted = _wanted(folder, names)
    if is_stamped(folder, wanted, what):
        return
    with one_at_a_time(folder.name):
        if not is_stamped(folder, wanted, what):
            if fresh:
                _make(folder)
            _install(folder, names)
            stamp(folder, wanted, what)


def is_stamped(folder: Path, wanted: str, what: str = "all") -> bool:
    """Whether what lies in the folder is complete and is what is wanted."""
    file = folder / f"stamp-{what}"
    return file.exists() and file.read_text() == wanted


def stamp(folder: Path, value: str, what: str = "all") -> None:
    (folder / f"stamp-{what}").write_text(value)


@contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """Two commands started at once must not both install. The system frees the lock of a process that died."""
    try:
        TOOLS.mkdir(exist_ok=True)
        lock = (TOOLS / f"{name.lstrip('.')}.lock").open("w")
    except OSError as error:
        raise ShopError(f"{TOOLS} can't be written ({error.strerror}): make the folder writable") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _wanted(folder: Path, names: Sequence[str]) -> str:
    """The place (programs in it name it), the Python, and the requirements themselves."""
    files = "".join((REQUIREMENTS / f"{name}.txt").read_text() for name in names)
    return f"{folder}\n{sys.version_info[0]} {sys.version_info[1]}\n{files}"


def _make(folder: Path) -> None:
    if folder.is_symlink():
        raise ShopError(f"{folder} leads to another folder, which would be emptied: take the link away")
    for old in folder.glob("stamp-*"):
        old.unlink()  # from here on it does not count as done
    _run([sys.executable, "-m", "venv", "--clear", str(folder)], f"{folder} could not be made")


def _install(folder: Path, names: Sequence[str]) -> None:
    listed = " + ".join(f"{name}.txt" for name in names)
    print(f"shop: installing requirements/{listed} into {folder.name} (once)", file=sys.stderr, flush=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install"]
    files = [word for name in names for word in ("-r", str(REQUIREMENTS / f"{name}.txt"))]
    options = ["--progress-bar", "off", "--only-binary", ":all:", "--require-hashes"]
    _run([*pip, *options, *files], f"requirements/{listed} could not be installed (is the network there?)")


def _run(command: Sequence[str], failure: str) -> None:
    """Run a command, with its latest line shown where a person looks on."""
    last = ""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
    ) as process:
        for line in process.stdout or ():
            last = line.strip() or last
            _show(last)
    _show("")
    if process.returncode:
        raise Missing(f"{failure}: {last}")


def _show(line: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line[:79]}", end="", file=sys.stderr, flush=True)


def main() -> None:
    """`python -m dev.environments run|test`: what the script `shop` calls when a stamp differs."""
    try:
        ensure(ROOT / ".venv", "run", RUN)
        if sys.argv[1] == "test":
            ensure(ROOT / ".venv", "test", TEST, fresh=False)
    except ShopError as error:
        sys.exit(f"shop: {error}")


if __name__ == "__main__":
    main()
