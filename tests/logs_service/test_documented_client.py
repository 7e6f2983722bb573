"""The client of docs/hub.md, as it stands there, sees each line once whatever happens to its hub."""

import asyncio
import re
import sys
from pathlib import Path

from dev.paths import ROOT
from logs_service.protocol import LINES_LOST
from logs_service.wishes import MOST_LAST
from tests.conftest import Environment, RunService
from tests.logs_service.serving import until
from tests.logs_service.writing import Writer

PAGE = (ROOT / "docs" / "hub.md").read_text()


def program() -> str:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    return str(code)


def test_it_is_short() -> None:
    assert len([line for line in program().splitlines() if line.strip()]) <= 17


def test_the_numbers_are_those_of_the_code() -> None:
    assert f"{MOST_LAST:,} at most" in PAGE
    assert f"closed with {LINES_LOST}" in PAGE


async def test_it_sees_each_line_once_over_a_kill(
    run_service: RunService, topics: Environment, writer: Writer, tmp_path: Path
) -> None:
    hub = await asyncio.to_thread(run_service, "logs_service")
    out = tmp_path / "out"
    with out.open("wb") as file:
        client = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program(), f"ws://127.0.0.1:{hub.port}/", stdout=file
        )
    try:
        await writer.write(20)
        await until(lambda: len(out.read_text().splitlines()) >= 20, 20)
        await asyncio.to_thread(hub.kill)
        await writer.write(20)
        await asyncio.to_thread(hub.start, 20)
        await writer.write(20)
        await until(lambda: len(out.read_text().splitlines()) >= 60, 20)
        assert out.read_text().splitlines() == writer.all
    finally:
        client.terminate()
        await client.wait()
