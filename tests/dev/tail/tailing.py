"""`./shop tail …` as a process, while the test goes on."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from dev.paths import ROOT
from tests.logs_service.serving import until

STARTS_WITHIN = 20.0  # seconds; a quiet machine needs half of one


class Tail:
    def __init__(self, process: asyncio.subprocess.Process, out: Path, said: Path) -> None:
        self._process, self._out, self._said = process, out, said

    @property
    def lines(self) -> list[str]:
        """Whole ones: a long one comes in pieces."""
        return self._out.read_text().split("\n")[:-1]

    @property
    def said(self) -> str:
        """On stderr."""
        return self._said.read_text()

    async def says(self, words: str) -> None:
        await until(lambda: words in self.said, STARTS_WITHIN)

    async def has(self, count: int) -> list[str]:
        """Wait until so many lines are there; all of them."""
        await until(lambda: len(self.lines) >= count, STARTS_WITHIN)
        return self.lines

    async def ends(self) -> int:
        return await asyncio.wait_for(self._process.wait(), STARTS_WITHIN)

    async def interrupt(self) -> int:
        self._process.send_signal(signal.SIGINT)
        return await self.ends()


@asynccontextmanager
async def tailing(
    folder: Path, *arguments: str, out: int | None = None, **environ: str
) -> AsyncIterator[Tail]:
    """`out`: a file descriptor instead of a file."""
    written, said = folder / "out", folder / "said"
    # Whoever runs the tests may say how wide their own output is.
    inherited = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    with written.open("wb") as stdout, said.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "dev", "tail", *arguments),
            cwd=ROOT,
            env={**inherited, "TZ": "UTC", **environ},
            stdout=stdout if out is None else out,
            stderr=stderr,
        )
    try:
        yield Tail(process, written, said)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def tailed(folder: Path, *arguments: str, **environ: str) -> tuple[int, list[str], str]:
    """To its end: exit code, lines, what was said."""
    async with tailing(folder, *arguments, **environ) as tail:
        return await tail.ends(), tail.lines, tail.said
