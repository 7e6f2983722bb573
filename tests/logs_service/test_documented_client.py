"""The clients of docs/log_hub.md, as they stand there, see each line once whatever happens to their hub."""

import asyncio
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dev.paths import ROOT
from logs_service.filters import LEVELS, LONGEST_REGEX
from logs_service.past import FURTHEST_BACK
from logs_service.protocol import LINES_LOST
from logs_service.wishes import MOST_LAST
from tests.conftest import Environment, RunService
from tests.logs_service.serving import until
from tests.logs_service.writing import Writer

PAGE = (ROOT / "docs" / "log_hub.md").read_text()


def program(language: str) -> str:
    return str(re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[0])


def has_websockets(node: str | None) -> bool:
    """Since 22; what 20 has behind a flag can forget to say that it was closed."""
    return (
        node is not None
        and int(subprocess.check_output([node, "-p", "process.versions.node"]).split(b".")[0]) >= 22
    )


PYTHON = [sys.executable, "-c", program("python")]
JAVASCRIPT = ["node", "-e", program("js") + "follow(process.argv[1], console.log)"]
needs_node = pytest.mark.skipif(
    not has_websockets(shutil.which("node")), reason="no node here has WebSockets"
)


def test_it_is_short() -> None:
    assert len([line for line in program("python").splitlines() if line.strip()]) <= 17


def test_the_numbers_are_those_of_the_code() -> None:
    assert f"{MOST_LAST:,} at most" in PAGE
    assert f"closed with {LINES_LOST}" in PAGE
    assert f"{LONGEST_REGEX} characters at most" in PAGE
    assert f"{FURTHEST_BACK:,} offsets back" in PAGE
    assert ", ".join(LEVELS) in PAGE


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(PYTHON, id="python"),
        pytest.param(JAVASCRIPT, id="skipped-without-node-22", marks=needs_node),
    ],
)
async def test_it_sees_each_line_once_over_a_kill(
    command: list[str], run_service: RunService, topics: Environment, writer: Writer, tmp_path: Path
) -> None:
    hub = await asyncio.to_thread(run_service, "logs_service")
    out = tmp_path / "out"
    with out.open("wb") as file:
        client = await asyncio.create_subprocess_exec(
            *command, f"ws://127.0.0.1:{hub.port}/", stdout=file, stderr=asyncio.subprocess.DEVNULL
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
